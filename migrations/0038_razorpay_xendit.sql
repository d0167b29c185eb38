-- money/ledger: the currencies that Xendit is for.
insert into ledger_assets (code, exponent) values ('PHP', 2), ('MYR', 2), ('THB', 2);
