-- money: for the page that shows where money is.
select 1;
