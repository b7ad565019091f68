"""`python -m house_prices` is the command `house-prices`."""

from house_prices.cli.main import main

if __name__ == "__main__":
    main()
