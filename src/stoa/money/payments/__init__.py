"""One order for whatever is bought: order → gateway → payment event → fulfilment (M14, M11).

Owns orders, order_transitions, order_events, order_payments, order_inquiries, checkout_sessions, gateway_accounts
(creators' own, M12), webhook_events (the inbox) and the sandbox gateway's own books (sandbox_sessions,
sandbox_payments, sandbox_refunds, sandbox_disputes, sandbox_events).
What can be bought is a plug, registered under a kind with `types.sells`: how to price it, fulfil it, undo it.
Events: OrderPaid, OrderFailed, OrderRefunded.
"""
