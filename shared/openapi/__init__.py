"""The API's OpenAPI document, made from the functions, what they declare, and the records that they answer with."""
