-- Thresholds of reports.recipient_engagement: proposals, measured on nobody's recipients yet.
delete from reports.engagement_setting;

insert into reports.engagement_setting (
    unreachable_failures,
    engaged_days,
    new_days,
    at_risk_days,
    enough_delivered,
    preferred_hour_clicks,
    r5_days,
    r4_days,
    r3_days,
    r2_days,
    f5_clicked,
    f4_clicked,
    f3_clicked,
    f2_clicked
) values
    (3, 30, 30, 90, 3, 3, 7, 30, 60, 90, 10, 5, 3, 1);
