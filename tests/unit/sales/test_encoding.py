"""Text that is not in UTF-8 and says so nowhere."""

import pytest

from house_prices.errors import SourceError
from house_prices.sales import encoding

JAPANESE = "価格,都市\n" + "100,東京都港区\n200,大阪市北区\n" * 40
RUSSIAN = "Цена,Город\n" + "100,Москва\n200,Тула\n" * 40
GREEK = "Τιμή,Πόλη\n" + "100,Αθήνα\n200,Πάτρα\n" * 40
CHINESE = "价格,城市\n" + "100,北京市朝阳区\n200,上海市浦东新区\n" * 40
GERMAN = "Größe,Ort\n" + "100,Köln\n" * 40


@pytest.mark.parametrize(
    ("text", "written"),
    [(JAPANESE, "cp932"), (RUSSIAN, "cp1251"), (GREEK, "cp1253"), (CHINESE, "gb18030"), (GERMAN, "cp1252")],
)
def test_the_encoding_is_told_from_the_bytes(text: str, written: str) -> None:
    assert encoding.as_utf8(text.encode(written), "sales.csv").decode() == text


def test_bytes_of_no_encoding_ask_for_utf_8() -> None:
    noise = bytes(byte for byte in range(128, 256)) * 3
    with pytest.raises(SourceError, match=r"sales\.csv: nothing tells in which encoding it was written"):
        encoding.as_utf8(noise, "sales.csv")
