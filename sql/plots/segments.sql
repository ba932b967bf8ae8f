-- One row per segment of recipients and pair of scores, of the newest week: how many they are.
select
    segment,
    r_score,
    f_score,
    count(*) as recipients
from reports.recipient_engagement
where is_current
group by segment, r_score, f_score
order by segment, r_score, f_score;
