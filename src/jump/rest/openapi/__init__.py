"""The API as an OpenAPI 3.1 document, made from the data that routes and records are made of."""
