-- money/wallet: tips paid by card.
select 1;
