"""What the tokens bought: changes that landed in git repositories, and the sessions behind them."""
