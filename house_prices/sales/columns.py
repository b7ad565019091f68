"""Names of the columns that the steps add to a contract's own."""

FILE, LINE = "_file", "_line"
"""Where a sale came from: the file's name, and the line in it on which the sale begins, from 1."""

UNREAD, TEXT = "_unread", "_text"
"""Of a raw line that is no sale, such as a line of totals: why, and its text. Empty for a sale."""

REASON = "reason"
"""Why a sale was refused."""

COLUMN, CELL = "column", "cell"
"""Header and text of the cell for which a sale was refused. Empty if it was not for a cell."""

PROPERTY, SOLD = "property", "sold"
"""A cleaned sale's keys; `sold` is a whole number of year, month and day, such as 20100731."""

REFERENCE = "_reference"
"""What callers may have sent as the house's reference, if the contract's [monitoring] names its column."""

PART = "part"
"""Which part of the split a sale belongs to: one of PARTS."""

GROUP = "group"
"""A number for each property, or for each sale whose property is not known; the same in every training."""

PARTS = TRAIN, CALIBRATION, HOLDOUT = "train", "calibration", "holdout"
