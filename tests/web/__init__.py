"""The pages and the API, asked over HTTP and in a real browser."""
