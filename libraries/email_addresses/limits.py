"""The limits of addresses: value, unit in the name, and reason."""

from typing import Final

# Addresses ------------------------------------------------------------------------------------------------------

# RFC 5321 section 4.5.3.1.3 allows a path of 256 octets with its angle brackets.
ADDRESS_LENGTH_CHARACTERS: Final = 254

# RFC 5321 section 4.5.3.1.1 allows 64 octets before the @; RFC 1035 section 2.3.4 allows labels of 63 after it.
LOCAL_PART_LENGTH_CHARACTERS: Final = 64
DOMAIN_LABEL_LENGTH_CHARACTERS: Final = 63

# Verdicts on domains that are kept in memory. A mailing list of a million addresses rarely has more domains
# than this, and 10,000 domains of the greatest length take about 6 MB a process.
DOMAIN_VERDICTS_CACHED: Final = 10_000

# Masking ---------------------------------------------------------------------------------------------------------

# Where a book is masked, an address is shown as `ho***@example.com`: up to so many characters of its beginning, as long
# as so many stay hidden. One hidden letter could be guessed by hand.
MASK: Final = "***"
MASKED_CHARACTERS_SHOWN: Final = 2
MASKED_CHARACTERS_HIDDEN: Final = 2
