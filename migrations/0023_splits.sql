-- money/splits: how what is paid is shared.
select 1;
