"""Every limit of the product: its value, the unit in its name, and why it is what it is.

Messages, forms and documentation read the numbers from here, so that a number on the screen cannot drift from the
number that is enforced. This module imports nothing of ours.
"""

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

# The console takes as many at a time; it is also the only address count that NAVER publishes.
TYPED_ADDRESSES_PER_REGISTRATION: Final = 1_000

# Groups ---------------------------------------------------------------------------------------------------------

# Console and API: 1 to 100 characters of Hangul, Latin letters, digits, full stop, underscore and hyphen.
GROUP_NAME_CHARACTERS: Final = 100
