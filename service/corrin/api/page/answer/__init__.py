"""What a page shows of an answer: topics, values on their scales, trends, what was not taken."""
