-- foundation/media: folders, tags, variants, scans, bandwidth.
select 1;
