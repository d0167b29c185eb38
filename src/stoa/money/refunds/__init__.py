"""Refunds of whatever was paid: asked for by the payer, decided, carried out, and told of by gateways (M13).

Owns refunds, refund_transitions. What was paid from the wallet goes back at once, share by share; what was paid through
a gateway by a job, so that no lock is held while the gateway answers.
Events: RefundDecided, RefundEnded.
"""
