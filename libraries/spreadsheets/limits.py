"""The limits of files that are read and written: value, unit in the name, and reason."""

from typing import Final

# Files from outside ----------------------------------------------------------------------------------------------

# NAVER's console takes 10 MB a file; we count it in binary, so that neither reading of "10 MB" is refused.
UPLOAD_FILE_BYTES: Final = 10 * 1024 * 1024

# A workbook of Excel has about ten parts and two more a sheet. A thousand is far beyond what a person makes.
WORKBOOK_PARTS: Final = 1_000

# All parts together, counted while inflating. 363,000 rows of two columns take 52 MiB.
WORKBOOK_UNPACKED_BYTES: Final = 300 * 1024 * 1024

# One part may inflate to a hundred times its size; a sheet of 363,000 addresses reaches ten. The first MiB is
# free, for a tiny part of white space does no harm.
WORKBOOK_PART_RATIO: Final = 100
WORKBOOK_PART_FREE_BYTES: Final = 1024 * 1024

# The size of a sheet in Excel 2007 and later.
SHEET_ROWS: Final = 1_048_576
SHEET_COLUMNS: Final = 16_384

# The parser holds a sheet as a full grid of 24 bytes a cell, empty ones too. Ten million take 240 MB; a full sheet
# of nine columns still fits.
SHEET_GRID_CELLS: Final = 10_000_000

# About 60 bytes each in the parser. A full sheet with four columns of texts that are all different still fits.
WORKBOOK_SHARED_STRINGS: Final = 4_000_000

# Excel's own limit. It is also as far as a quoted field of a CSV file may reach before its quote is taken as text.
CELL_CHARACTERS: Final = 32_767

# What one reading may hand over in all: 300 times the file at most, or one text that a million cells share would
# become gigabytes.
READING_CHARACTERS: Final = 300 * 1024 * 1024

# The headings are in one of the first rows that are not blank, below a letterhead or instructions of a page or more;
# columns are judged by this many rows below.
HEADER_SEARCH_ROWS: Final = 500
COLUMN_JUDGED_ROWS: Final = 200

# The first rows that the check shows as they were read, with so many of their columns; headings are kept, and
# addresses looked for, much further to the right.
LAYOUT_SAMPLE_ROWS: Final = 10
LAYOUT_COLUMNS: Final = 100
LAYOUT_SEARCHED_COLUMNS: Final = 1_000
LAYOUT_CELL_CHARACTERS: Final = 200

# Sheets that can be chosen from; each may have to be parsed to find the addresses.
LAYOUT_SHEETS: Final = 100

# Addresses outside the chosen column are counted, not read as rows: a message has so many rows of another sheet, and
# all of them together so many characters, a tenth of what a reading may hand over.
OUTSIDE_ROWS_AT_A_TIME: Final = 1_000
OUTSIDE_CHARACTERS: Final = 30 * 1024 * 1024

# A text file is read in an encoding when no more than this share of its lines cannot be: the rest are reported row
# by row. Beyond that it is another encoding, or no text.
UNREADABLE_LINES_PERCENT: Final = 10

# The child process that parses. 363,000 rows of xlsx take it 2 s and 110 MB; a grid at the limit above about 400 MB.
# A file can only make it calculate, so the limit on processor time ends every attack within ten seconds. The silence
# is for what no file can cause, and long enough for a machine that is busy.
READER_MEMORY_BYTES: Final = 512 * 1024 * 1024
READER_CPU_SECONDS: Final = 8
READER_SILENCE_SECONDS: Final = 20

# Rows handed over at a time, fewer when they are long, and the bytes that one such message may have at most.
READER_BATCH_ROWS: Final = 1_000
READER_BATCH_CHARACTERS: Final = 1_000_000
READER_MESSAGE_BYTES: Final = 16 * 1024 * 1024

# Uploads ---------------------------------------------------------------------------------------------------------

# Up to this many refused rows come back as a workbook with the cell at fault marked, which takes about 2 s. More come
# as CSV, which takes a twentieth of that: nobody mends them cell by cell.
REFUSED_ROWS_IN_WORKBOOK: Final = 5_000

# Downloads -------------------------------------------------------------------------------------------------------

# A sheet of XML beyond 2 GiB would need an extension of the zip format that not every spreadsheet program reads.
SHEET_XML_BYTES: Final = 1_500_000_000
