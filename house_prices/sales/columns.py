"""Names of the columns that the steps add to a contract's own."""

FILE, ROW = "_file", "_row"
"""Where a sale came from: the file's name, and its row among the file's sales, from 1."""

REASON = "reason"
"""Why a sale was refused."""

PROPERTY, SOLD = "property", "sold"
"""A cleaned sale's keys; `sold` is a whole number of year, month and day, such as 20100731."""

PART = "part"
"""Which part of the split a sale belongs to: one of PARTS."""

GROUP = "group"
"""A number for each property, or for each sale where no property is known; the same in every training."""

PARTS = TRAIN, CALIBRATION, HOLDOUT = "train", "calibration", "holdout"
