"""What one would write by hand to clean and split the synthetic sales: no reasons, and no rejects."""

from pathlib import Path

import pandas as pd

NUMBERS = ("Area", "Rooms", "Quality", "Age", "Price")
REQUIRED = ("Area", "Rooms", "Quality", "Price", "Sold")
WHOLE = ("Rooms", "Quality")
FACTOR = 3.0
HOLDOUT, CALIBRATION = 0.8, 0.7
"""Shares of the sales before the holdout, and before the calibration sales."""


def with_pandas(folder: Path) -> dict[str, int]:
    """Sales in each part."""
    files = sorted((folder / "raw").glob("*.parquet"))
    sales = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    sales = sales.dropna(subset=list(REQUIRED))
    sales = sales[(sales["Price"] > 0) & (sales[[*WHOLE]] % 1 == 0).all(axis=1)].drop_duplicates()
    numbers = sales[[*NUMBERS]]
    low, high = numbers.quantile(0.25), numbers.quantile(0.75)
    reach = FACTOR * (high - low)
    sales = sales[~(numbers.lt(low - reach) | numbers.gt(high + reach)).any(axis=1)]
    sales["Sold"] = pd.to_datetime(sales["Sold"])
    last = sales.groupby("House")["Sold"].transform("max")
    ends = [last.quantile(share, interpolation="lower") for share in (CALIBRATION, HOLDOUT)]
    sales["part"] = "train"
    sales.loc[last > ends[0], "part"] = "calibration"
    sales.loc[last > ends[1], "part"] = "holdout"
    sales.to_parquet(folder / "plain-pandas.parquet", index=False)
    return {str(part): int(count) for part, count in sales["part"].value_counts().items()}


def with_polars(folder: Path) -> dict[str, int]:
    """Sales in each part, by queries that Polars streams."""
    import polars as pl

    def found(query: pl.LazyFrame) -> dict[str, float]:
        return query.collect(engine="streaming").row(0, named=True)

    sales = pl.scan_parquet(folder / "raw" / "*.parquet")
    sales = sales.with_columns(pl.col("Sold").cast(pl.String).str.to_date()).drop_nulls(list(REQUIRED))
    sales = sales.filter(pl.col("Price") > 0, *((pl.col(name) % 1 == 0) for name in WHOLE)).unique()
    low = found(sales.select(pl.col(*NUMBERS).quantile(0.25, "linear")))
    high = found(sales.select(pl.col(*NUMBERS).quantile(0.75, "linear")))
    for name in NUMBERS:
        reach = FACTOR * (high[name] - low[name])
        inside = pl.col(name).is_between(low[name] - reach, high[name] + reach)
        sales = sales.filter(inside | pl.col(name).is_null())
    sales = sales.with_columns(pl.col("Sold").max().over("House").alias("last"))
    last = pl.col("last")
    ends = [found(sales.select(last.quantile(share, "lower")))["last"] for share in (CALIBRATION, HOLDOUT)]
    part = pl.when(last > ends[1]).then(pl.lit("holdout"))
    part = part.when(last > ends[0]).then(pl.lit("calibration")).otherwise(pl.lit("train"))
    file = folder / "plain-polars.parquet"
    sales.with_columns(part.alias("part")).drop("last").sink_parquet(file)
    return dict(pl.scan_parquet(file).group_by("part").len().collect().iter_rows())


def with_spark(folder: Path) -> dict[str, int]:
    """Sales in each part, by Spark on all cores of this machine."""
    from pyspark.sql import SparkSession, Window
    from pyspark.sql.functions import col, lit, to_date, unix_date, when
    from pyspark.sql.functions import max as newest

    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    with SparkSession.builder.config(map=quiet).getOrCreate() as spark:
        sales = spark.read.parquet(str(folder / "raw")).withColumn("Sold", to_date("Sold"))
        sales = sales.dropna(subset=list(REQUIRED)).filter(col("Price") > 0)
        for name in WHOLE:
            sales = sales.filter(col(name) % 1 == 0)
        sales = sales.dropDuplicates()
        quartiles = [f"percentile(`{name}`, array(0.25, 0.75))" for name in NUMBERS]
        for name, (low, high) in zip(NUMBERS, sales.selectExpr(*quartiles).first(), strict=True):
            reach = FACTOR * (high - low)
            sales = sales.filter(col(name).isNull() | col(name).between(low - reach, high + reach))
        sales = sales.withColumn("last", unix_date(newest("Sold").over(Window.partitionBy("House"))))
        ends = [f"percentile_disc({share}) WITHIN GROUP (ORDER BY last)" for share in (CALIBRATION, HOLDOUT)]
        calibration, holdout = sales.selectExpr(*ends).first()
        part = when(col("last") > holdout, lit("holdout"))
        part = part.when(col("last") > calibration, lit("calibration")).otherwise(lit("train"))
        file = str(folder / "plain-spark.parquet")
        sales.withColumn("part", part).drop("last").write.mode("overwrite").parquet(file)
        return dict(spark.read.parquet(file).groupBy("part").count().collect())
