-- money/wallet: tips and credits.
select 1;
