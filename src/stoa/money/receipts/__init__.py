"""What was paid, as the payer and as the receiver see it, and receipts for it.

Owns receipts, receipt_counters. A payment is no row of its own: it is an order, or a gift, under the same id; a kind
that comes later joins the union in `queries.lines`. A receipt has its number from when it is first asked for; within a
year the numbers have no gaps. Names are not kept in it, so that what somebody was called can be erased (O3).
"""
