"""No business words: database, ids, money, clock, context, errors, queue, crypto, files, HTTP, forms, markdown."""
