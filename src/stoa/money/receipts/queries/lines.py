"""All payments as one relation: a union of what can be paid for. A kind that comes later adds its SELECT to LINES.

Each part names the same columns in the same order and takes them from one table, so that PostgreSQL walks the parts by
their own indices of (whose, created_at, id) and merges them.
"""

from typing import Final

# To its receiver an order is there once it was handed over; `receiver_id` is null until then. What of it is not the
# payee's is a fee to them, and what went back came from both (M13).
_ORDERS: Final = """
    select id, kind, user_id as payer_id, receiver_id, currency as asset, amount_minor as gross_minor,
      cut_minor as fee_minor, amount_minor - cut_minor as net_minor, 0::bigint as promotional_minor, refunded_minor,
      case when payee_id is null then refunded_minor else returned_minor end as returned_minor, state, description,
      null::uuid as work_id, null::text as work_title, null::text as work_path, null::text as message,
      gateway as method, failure_message, created_at, fulfilled_at as settled_at, payment_id as reference,
      null::uuid as transfer_id
    from orders"""

# M6: what paid off a debt of the receiver was received, too (M13).
_GIFTS: Final = """
    select id, 'gift', sender_id, recipient_id, 'COIN', amount_coins::bigint * 100,
      platform_minor + platform_promotional_minor, creator_minor + creator_promotional_minor + repaid_minor,
      creator_promotional_minor, case when undone_at is null then refunded_minor else amount_coins::bigint * 100 end,
      case when undone_at is null then returned_minor
        else creator_minor + creator_promotional_minor + repaid_minor end,
      case when undone_at is not null or refunded_minor = amount_coins::bigint * 100 then 'refunded'
        when refunded_minor > 0 then 'partially_refunded' else 'paid' end,
      null, work_id, work_title, work_path, message, 'wallet', null, created_at, created_at, null, transfer_id
    from gifts"""

# M8: charity and tax are fees to the receiver, like the platform's share.
_TIPS: Final = """
    select id, 'tip', sender_id, recipient_id, asset, amount_minor,
      amount_minor - creator_minor - creator_promotional_minor - repaid_minor,
      creator_minor + creator_promotional_minor + repaid_minor, creator_promotional_minor, refunded_minor,
      returned_minor, case when refunded_minor = amount_minor then 'refunded' when refunded_minor > 0
        then 'partially_refunded' else 'paid' end,
      null, null::uuid, null, null, null, 'wallet', null, created_at, created_at, null, transfer_id
    from tips"""

# M12: of a work, for coins or credit.
_SALES: Final = """
    select id, 'sale', sender_id, recipient_id, asset, amount_minor,
      amount_minor - creator_minor - creator_promotional_minor - repaid_minor,
      creator_minor + creator_promotional_minor + repaid_minor, creator_promotional_minor, refunded_minor,
      returned_minor, case when refunded_minor = amount_minor then 'refunded' when refunded_minor > 0
        then 'partially_refunded' else 'paid' end,
      null, work_id, work_title, work_path, null, 'wallet', null, created_at, created_at, null, transfer_id
    from sales"""

LINES: Final = f"({_ORDERS} union all {_GIFTS} union all {_TIPS} union all {_SALES})"
