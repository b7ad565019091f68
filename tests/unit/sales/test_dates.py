"""Dates as people and programs write them."""

import math

import pyarrow as pa
import pytest

from house_prices.sales import dates


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2014-06-23", "%Y-%m-%d", 20140623),
        ("20140623T000000", "%Y-%m-%d", 20140623),
        ("2014-06-23T10:30:00.5+02:00", "%Y-%m-%d", 20140623),
        ("2014-06-23 10:30", "%Y-%m-%d", 20140623),
        ("2014/6/3", "%Y-%m-%d", 20140603),
        ("23.06.2014", "%d/%m/%Y", 20140623),
        ("6/23/2014 12:00:00 AM", "%m/%d/%Y", 20140623),
        ("2014-06-23", "%m/%d/%Y", 20140623),
        ("23/06/14", "%d/%m/%y", 20140623),
        ("23/06/98", "%d/%m/%y", 19980623),
        ("41813", "excel", 20140623),
        ("1403481600", "unix", 20140623),
        ("1403481600000", "unix_ms", 20140623),
        ("2014-06", "%Y-%m", 20140600),
        ("Jun 2014", "%Y-%m", 20140600),
        ("July-4-2021", "%Y-%m-%d", 20210704),
        ("4 July 2021", "%d/%m/%Y", 20210704),
        ("Wed May 21 00:00:00 EDT 2008", "%Y-%m-%d", 20080521),
        ("Wed May 21 10:30:00 2008", "%d/%m/%Y", 20080521),
        ("Wed, 21 May 2008 10:30:00 +0000", "%Y-%m-%d", 20080521),
        ("Wed May 21 2008 00:00:00 GMT+0200 (Central European Summer Time)", "%Y-%m-%d", 20080521),
        ("Wednesday, 21 May 2008", "%Y-%m-%d", 20080521),
        ("Wed 21/05/2008", "%d/%m/%Y", 20080521),
        ("2013.250", "decimal_year", 20130402),
        ("2012.9166667", "decimal_year", 20121201),
        ("2013", "decimal_year", 20130101),
        ("2013,5", "decimal_year", 20130702),
    ],
)
def test_a_date_is_read(text: str, form: str, day: int) -> None:
    assert dates.parse(pa.array([text]), form).tolist() == [day]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("pending", "%Y-%m-%d"),
        ("2010-02-30", "%Y-%m-%d"),
        ("0000-00-00", "%Y-%m-%d"),
        ("31/07/2010", "%m/%d/%Y"),
        ("3", "excel"),
        ("19.5", "decimal_year"),
        ("Foo 21 May 2008", "%Y-%m-%d"),
    ],
)
def test_what_is_no_date_is_nan(text: str, form: str) -> None:
    (read,) = dates.parse(pa.array([text]), form)
    assert math.isnan(read)
