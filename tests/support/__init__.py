"""What several tests share: where things lie, nothing clever."""
