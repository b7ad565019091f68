"""What becomes of a champion: the predictions it serves, the sales that come true, and drift.

moving     closed files of the prediction log, to Parquet
served     served predictions, by day and version
batch      a table of houses, priced by the champion
realised   sales joined to what was predicted for them
drift      served houses and prices, against the training sales
"""
