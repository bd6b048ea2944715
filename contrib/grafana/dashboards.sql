-- The queries of the dashboards and alerts, for Grafana's PostgreSQL data
-- source.  "#name: title" starts one; comment lines below it are the panel's
-- description.  "@name" starts a fragment that is put in wherever it is named.
--
-- A domain of * stands for all together (tlsrpt.daily_total); the value of All
-- of every variable is '*'.  What asks for each domain by itself reads
-- tlsrpt.policy_sum and tlsrpt.failure_sum, which several processes can share.
-- Sessions that sts and tlsa both saw are counted once, unless just one of the
-- two is asked for.

-- @both
('*' IN (${policy_type:sqlstring}) OR 'sts' IN (${policy_type:sqlstring}) AND 'tlsa' IN (${policy_type:sqlstring}))

-- @successful
sum(successful - CASE WHEN @both THEN twice_successful ELSE 0 END)

-- @failed
sum(failed - CASE WHEN @both THEN twice_failed ELSE 0 END)

-- @reporter
('*' IN (${reporter:sqlstring}) OR organization IN (${reporter:sqlstring}))
  AND auth LIKE ${verified:sqlstring}

-- @chosen
$__timeFilter(day) AND policy_domain IN (${domain:sqlstring})
  AND @reporter
  AND ('*' IN (${policy_type:sqlstring}) OR policy_type IN (${policy_type:sqlstring}))

-- @each
$__timeFilter(day) AND ('*' IN (${domain:sqlstring}) OR policy_domain IN (${domain:sqlstring}))
  AND @reporter
  AND ('*' IN (${policy_type:sqlstring}) OR policy_type IN (${policy_type:sqlstring}))

-- @result
('*' IN (${result_type:sqlstring}) OR result_type IN (${result_type:sqlstring}))

-- #variable-domain: domain
SELECT policy_domain FROM tlsrpt.known_domain ORDER BY 1

-- #variable-reporter: reporter
SELECT DISTINCT organization FROM tlsrpt.daily_total
WHERE $__timeFilter(day) AND policy_domain = '*' AND organization IS NOT NULL
ORDER BY 1

-- #variable-policy_type: policy type
SELECT DISTINCT policy_type FROM tlsrpt.daily_total
WHERE $__timeFilter(day) AND policy_domain = '*' AND policy_type IS NOT NULL
ORDER BY 1

-- #variable-result_type: result type
SELECT DISTINCT result_type FROM tlsrpt.daily_total_failure
WHERE $__timeFilter(day) AND policy_domain = '*' AND result_type IS NOT NULL
ORDER BY 1

-- #sessions: Sessions
-- SMTP sessions that senders reported on. What MTA-STS and DANE both saw is
-- counted once.
SELECT @successful + @failed AS sessions
FROM tlsrpt.daily_total WHERE @chosen

-- #failures: Failed sessions
-- Sessions without the TLS that the policy asks for. In mode testing the mail
-- was delivered all the same; with enforce and DANE it was not, and is tried
-- again.
SELECT coalesce(@failed, 0) AS failed
FROM tlsrpt.daily_total WHERE @chosen

-- #failure-rate: Failure rate
-- Failed sessions as a share of all.
SELECT @failed / nullif(@successful + @failed, 0)::float8 AS rate
FROM tlsrpt.daily_total WHERE @chosen

-- #failing-domains: Domains with failures
-- Policy domains for which at least one session failed.
SELECT count(policy_domain) AS domains FROM (
  SELECT policy_domain FROM tlsrpt.policy_sum
  WHERE @each AND failed <> 0
  GROUP BY policy_domain HAVING sum(failed) > 0) failing

-- #reporters-heard: Reporters heard in 48 h
-- Organisations of whom a report came in within 48 hours, whatever range of
-- time is chosen. Most send one a day.
SELECT count(DISTINCT organization) AS reporters
FROM tlsrpt.daily_total
WHERE policy_domain IN (${domain:sqlstring})
  AND day >= (now() AT TIME ZONE 'UTC')::date - 90
  AND @reporter
  AND (last_received_at > now() - interval '48 hours'
    OR last_received_at IS NULL AND day >= (now() AT TIME ZONE 'UTC')::date - 3)

-- #unauthenticated: Unauthenticated
-- Share of reports without a DKIM signature of the reporter that your mail
-- server vouches for. 100 % mostly means that no authserv-id is configured.
SELECT sum(reports) FILTER (WHERE auth <> 'pass')
  / nullif(sum(reports), 0)::float8 AS unauthenticated
FROM tlsrpt.daily_total
WHERE $__timeFilter(day) AND policy_domain IN (${domain:sqlstring})
  AND ('*' IN (${reporter:sqlstring}) OR organization IN (${reporter:sqlstring}))

-- #quarantined: Set aside
-- Messages that held no readable report, or were not allowed; tlsrpt-ingest
-- keeps a copy of each in quarantine.
SELECT count(*) AS messages FROM tlsrpt.arrival
WHERE $__timeFilter(received_at) AND outcome = 'rejected'

-- #silence: Since the last report
-- Days since a report came in, whatever range of time is chosen; none in 90
-- days is shown as none. More than two mean that something between the senders
-- and the database is broken.
SELECT extract(epoch FROM now() - max(coalesce(last_received_at,
  (day + 1)::timestamp AT TIME ZONE 'UTC')))::float8 / 86400 AS days
FROM tlsrpt.daily_total
WHERE policy_domain IN (${domain:sqlstring}) AND @reporter
  AND day >= (now() AT TIME ZONE 'UTC')::date - 90

-- #by-day: Sessions by day
-- A day is the UTC date on which the report starts.
SELECT $__timeGroupAlias(day,'1d'),
  @successful AS successful,
  @failed AS failed
FROM tlsrpt.daily_total WHERE @chosen
GROUP BY 1 ORDER BY 1

-- #failures-by-result: Failures by result type
-- Failed sessions by the result type that senders gave (RFC 8460, section 4.3).
SELECT $__timeGroupAlias(day,'1d'), coalesce(result_type, 'not given') AS metric,
  sum(failed) AS failed
FROM tlsrpt.daily_total_failure WHERE @chosen AND @result
GROUP BY 1, 2 HAVING sum(failed) > 0 ORDER BY 1, 2

-- #rate-by-policy-type: Failure rate by policy type
-- tlsa is DANE, sts is MTA-STS; no-policy-found is TLS without a policy, which
-- is no error. Types count the same sessions: never add them up.
SELECT $__timeGroupAlias(day,'1d'), coalesce(policy_type, 'not given') AS metric,
  sum(failed) / nullif(sum(successful) + sum(failed), 0)::float8 AS rate
FROM tlsrpt.daily_total WHERE @chosen
GROUP BY 1, 2 HAVING sum(successful) + sum(failed) > 0 ORDER BY 1, 2

-- #modes: MTA-STS mode as senders saw it
-- The strictest mode that a sender saw that day: enforce, testing, none, or no
-- policy. Of all domains the twelve with most failures are shown.
WITH shown AS (
  SELECT policy_domain FROM tlsrpt.policy_sum
  WHERE @each AND ('*' NOT IN (${domain:sqlstring}) OR failed <> 0)
  GROUP BY policy_domain ORDER BY sum(failed) DESC, policy_domain LIMIT 12)
SELECT $__timeGroupAlias(day,'1d'), t.policy_domain AS metric,
  max(CASE sts_mode WHEN 'enforce' THEN 3 WHEN 'testing' THEN 2
    WHEN 'none' THEN 1 ELSE 0 END) AS mode
FROM tlsrpt.policy_sum t
WHERE $__timeFilter(day) AND policy_type IN ('sts', 'no-policy-found')
  AND policy_domain = ANY (ARRAY(SELECT policy_domain FROM shown))
  AND @reporter
GROUP BY 1, 2 ORDER BY 1, 2

-- #worst-domains: Domains with most failures
-- Click on a domain to see it in depth.
WITH failing AS (
  SELECT policy_domain, sum(failed) AS failed FROM tlsrpt.policy_sum
  WHERE @each AND failed <> 0
  GROUP BY policy_domain HAVING sum(failed) > 0
  ORDER BY sum(failed) DESC LIMIT 20)
SELECT policy_domain AS domain, @failed AS failed,
  @successful + @failed AS sessions,
  @failed / nullif(@successful + @failed, 0)::float8 AS "failure rate"
FROM tlsrpt.policy_sum
WHERE $__timeFilter(day)
  AND policy_domain = ANY (ARRAY(SELECT policy_domain FROM failing))
  AND @reporter
  AND ('*' IN (${policy_type:sqlstring}) OR policy_type IN (${policy_type:sqlstring}))
GROUP BY 1 ORDER BY 2 DESC

-- #worst-reporters: Reporters with most failures
-- Who could not reach you as your policy asks; one sender alone mostly means a
-- fault on its side.
SELECT coalesce(organization, 'not given') AS reporter, @failed AS failed,
  @successful + @failed AS sessions,
  @failed / nullif(@successful + @failed, 0)::float8 AS "failure rate"
FROM tlsrpt.daily_total WHERE @chosen
GROUP BY 1 HAVING sum(failed) > 0 ORDER BY 2 DESC LIMIT 20

-- #worst-mx: Receiving MX with most failures
-- By the name that senders give; not every sender gives one.
SELECT coalesce(receiving_mx_hostname, 'not given') AS mx, sum(failed) AS failed
FROM tlsrpt.failure_sum WHERE @each AND @result
GROUP BY 1 HAVING sum(failed) > 0 ORDER BY 2 DESC LIMIT 12

-- #result-types: What the failures mean
-- Each result type in this range, and what to do about it.
SELECT f.result_type AS "result type", f.failed,
  coalesce(t.concern, 'unregistered') AS concern, t.summary, t.advice
FROM (SELECT result_type, sum(failed) AS failed
  FROM tlsrpt.daily_total_failure WHERE @chosen AND @result
  GROUP BY 1 HAVING sum(failed) > 0) f
LEFT JOIN tlsrpt.result_type t ON t.result_type = f.result_type
ORDER BY 2 DESC

-- #days-without-failure: Days without a failure
-- Days from the latest failure to the latest report, at most the range chosen.
SELECT max(day) - coalesce(max(day) FILTER (WHERE failed > 0), min(day)) AS days
FROM tlsrpt.daily_total WHERE @chosen

-- #domain-results: What failed, and what to do
-- Each result type with its meaning and advice.
SELECT coalesce(f.result_type, 'not given') AS "result type", f.failed,
  f.first_day AS "first day", f.last_day AS "last day",
  f.reporters, t.summary AS meaning, t.advice
FROM (SELECT result_type, sum(failed) AS failed, min(day)::text AS first_day,
    max(day)::text AS last_day, count(DISTINCT organization) AS reporters
  FROM tlsrpt.daily_total_failure WHERE @chosen AND @result
  GROUP BY 1 HAVING sum(failed) > 0) f
LEFT JOIN tlsrpt.result_type t ON t.result_type = f.result_type
ORDER BY 2 DESC

-- #readiness: Ready for MTA-STS enforce?
-- The rule: four reports or more on at least 14 days, and 14 days without a
-- failure. tlsrpt-report readiness looks closer.
SELECT policy_domain AS domain,
  CASE WHEN max(mode) FILTER (WHERE day = last_day) = 3 THEN 'is in enforce'
    WHEN max(mode) = 0 THEN 'no MTA-STS policy seen'
    WHEN count(DISTINCT day) < 14 OR sum(reports) < 4 THEN 'not enough data'
    WHEN max(day) - coalesce(max(day) FILTER (WHERE failed > 0), min(day) - 1)
      < 14 THEN 'not yet'
    ELSE 'ready' END AS verdict,
  count(DISTINCT day) AS "days with reports",
  count(DISTINCT organization) AS reporters,
  sum(successful + failed) AS "sessions under MTA-STS",
  sum(failed) AS failed,
  (max(day) FILTER (WHERE failed > 0))::text AS "last failure"
FROM (SELECT t.*, max(day) OVER (PARTITION BY policy_domain) AS last_day,
    CASE sts_mode WHEN 'enforce' THEN 3 WHEN 'testing' THEN 2
      WHEN 'none' THEN 1 ELSE 0 END AS mode
  FROM tlsrpt.daily_total t
  WHERE $__timeFilter(day) AND policy_domain IN (${domain:sqlstring})
    AND @reporter AND policy_type IN ('sts', 'no-policy-found')) seen
GROUP BY 1

-- #failure-details: Failure details
-- The latest 200 as senders wrote them.
SELECT start_time AS time, organization AS reporter, result_type AS "result type",
  failed, receiving_mx_hostname AS mx, host(receiving_ip) AS "receiving IP",
  host(sending_mta_ip) AS "sending IP", policy_type AS "policy type",
  sts_mode AS mode, failure_reason_code AS "reason code",
  additional_information AS "additional information",
  receiving_mx_helo AS helo, report_id AS "report id"
FROM tlsrpt.failure_report
WHERE $__timeFilter(start_time) AND policy_domain IN (${domain:sqlstring})
  AND policy_failed > 0 AND @reporter
  AND ('*' IN (${policy_type:sqlstring}) OR policy_type IN (${policy_type:sqlstring}))
  AND @result
ORDER BY 1 DESC LIMIT 200

-- #failures-by-mx: Failures by receiving MX
-- One host alone failing mostly means a certificate or a firewall there.
SELECT $__timeGroupAlias(day,'1d'),
  coalesce(receiving_mx_hostname, 'not given') AS metric, sum(failed) AS failed
FROM tlsrpt.daily_total_failure WHERE @chosen AND @result
GROUP BY 1, 2 HAVING sum(failed) > 0 ORDER BY 1, 2

-- #domain-reporters: Who reports on this domain
-- With the latest day of each.
SELECT coalesce(organization, 'not given') AS reporter, max(day)::text AS "last day",
  sum(reports) AS reports, @successful + @failed AS sessions, @failed AS failed,
  @failed / nullif(@successful + @failed, 0)::float8 AS "failure rate"
FROM tlsrpt.daily_total WHERE @chosen
GROUP BY 1 ORDER BY 2 DESC, 3 DESC

-- #max-age: Drift of max_age
-- max_age of the MTA-STS policy as senders saw it, by mode. Several lines at
-- once are caches: a sender may use a policy until its max_age is over.
SELECT $__timeGroupAlias(start_time,'1d'),
  coalesce(sts_mode, 'no mode') AS metric, max(sts_max_age) AS max_age
FROM tlsrpt.policy_detail
WHERE $__timeFilter(start_time) AND policy_domain IN (${domain:sqlstring})
  AND policy_type = 'sts' AND sts_max_age IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2

-- #policies-seen: Policies seen
-- Each policy as senders saw it, and when; the latest first.
SELECT policy_type AS "policy type", sts_mode AS mode, sts_max_age AS max_age,
  array_to_string(policy_strings, ' | ') AS policy,
  array_to_string(mx_hosts, ' ') AS "MX patterns",
  min(start_time) AS "first seen", max(start_time) AS "last seen",
  count(*) AS reports
FROM tlsrpt.policy_detail
WHERE $__timeFilter(start_time) AND policy_domain IN (${domain:sqlstring})
  AND ('*' IN (${policy_type:sqlstring}) OR policy_type IN (${policy_type:sqlstring}))
GROUP BY 1, 2, 3, 4, 5 ORDER BY 7 DESC LIMIT 100

-- #reporters: Reporters
-- Organisations with a report in this range.
SELECT count(DISTINCT organization) AS reporters FROM tlsrpt.daily_total
WHERE $__timeFilter(day) AND policy_domain IN (${domain:sqlstring}) AND @reporter

-- @silent
SELECT organization, max(day) AS last_day, count(DISTINCT day) AS days
FROM tlsrpt.daily_total
WHERE $__timeFilter(day) AND policy_domain IN (${domain:sqlstring}) AND @reporter
  AND organization IS NOT NULL
GROUP BY organization
HAVING count(DISTINCT day) >= 5
  AND max(day) < (now() AT TIME ZONE 'UTC')::date - 3
  AND count(DISTINCT day) > (max(day) - min(day)) / 2

-- #silent-count: Fallen silent
-- Reporters that used to report on most days, and have not for three.
SELECT count(*) AS reporters FROM (@silent) silent

-- #silent: Fallen silent
-- Reporters that reported on at least five days and on most days, and of whom
-- there is nothing for the last three.
SELECT organization AS reporter, last_day::text AS "last day", days AS "days with reports",
  (now() AT TIME ZONE 'UTC')::date - last_day AS "silent for days"
FROM (@silent) silent ORDER BY 4 DESC

-- #reporter-list: Reporters
-- Who reports, how much, and how much of it DKIM vouches for.
SELECT coalesce(organization, 'not given') AS reporter, min(day)::text AS "first day",
  max(day)::text AS "last day", count(DISTINCT day) AS days,
  sum(reports) AS reports,
  sum(successful - twice_successful + failed - twice_failed) AS sessions,
  sum(failed - twice_failed) AS failed,
  sum(failed - twice_failed) / nullif(sum(successful - twice_successful + failed
    - twice_failed), 0)::float8 AS "failure rate",
  coalesce(sum(reports) FILTER (WHERE auth = 'pass'), 0)
    / nullif(sum(reports), 0)::float8 AS verified
FROM tlsrpt.daily_total
WHERE $__timeFilter(day) AND policy_domain IN (${domain:sqlstring}) AND @reporter
GROUP BY 1 ORDER BY 5 DESC

-- #reports-by-reporter: Reports by day
-- How many reports each organisation sent.
SELECT $__timeGroupAlias(day,'1d'), coalesce(organization, 'not given') AS metric,
  sum(reports) AS reports
FROM tlsrpt.daily_total
WHERE $__timeFilter(day) AND policy_domain IN (${domain:sqlstring}) AND @reporter
GROUP BY 1, 2 HAVING sum(reports) > 0 ORDER BY 1, 2

-- @odd
SELECT r.organization, d.code
FROM tlsrpt.deviating_report r, unnest(r.deviations) AS d (code)
WHERE $__timeFilter(r.start_time)
  AND ('*' IN (${domain:sqlstring}) OR EXISTS (SELECT FROM tlsrpt.policy_detail p
    WHERE p.report_key = r.report_key AND p.start_time = r.start_time
    AND p.policy_domain IN (${domain:sqlstring}) AND $__timeFilter(p.start_time)))
  AND @reporter

-- #deviations: Deviations from RFC 8460
-- How many reports depart from the RFC, by code; tlsrpt-schema(7) explains them.
SELECT code, count(*) AS reports FROM (@odd) odd GROUP BY 1 ORDER BY 2 DESC LIMIT 15

-- #deviations-by-reporter: Deviations by reporter
-- Whose reports they are.
SELECT coalesce(organization, 'not given') AS reporter, code, count(*) AS reports
FROM (@odd) odd GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 100

-- #loops: Reports about reports
-- Reporters with one or two sessions a day, every day: the report itself may
-- be all that they send. Their reports and yours keep one another going; leave
-- TLS reports out of what is reported on.
WITH small AS (
  SELECT policy_domain FROM tlsrpt.policy_sum
  WHERE $__timeFilter(day) AND ('*' IN (${domain:sqlstring}) OR policy_domain IN (${domain:sqlstring}))
    AND @reporter AND successful + failed BETWEEN 1 AND 2
  GROUP BY policy_domain, organization HAVING count(DISTINCT day) >= 3)
SELECT policy_domain AS domain, organization AS reporter, count(*) AS days,
  sum(sessions) AS sessions
FROM (SELECT policy_domain, organization, day,
    sum(successful - twice_successful + failed - twice_failed) AS sessions
  FROM tlsrpt.policy_sum
  WHERE $__timeFilter(day) AND policy_domain = ANY (ARRAY(SELECT policy_domain FROM small))
    AND @reporter
  GROUP BY 1, 2, 3) daily
GROUP BY 1, 2
HAVING count(*) >= 3 AND max(sessions) <= 2 AND min(sessions) >= 1
ORDER BY 3 DESC LIMIT 50

-- #arrived: Messages
-- Messages and documents that came in.
SELECT count(*) AS messages FROM tlsrpt.arrival WHERE $__timeFilter(received_at)

-- #duplicates: Duplicates
-- The same report once more, by another address or way; not counted again.
SELECT count(*) AS messages FROM tlsrpt.arrival
WHERE $__timeFilter(received_at) AND outcome = 'duplicate'

-- #superseded: Superseded
-- Other content under the identity of a report that is counted: a correction,
-- or a forgery. Kept aside.
SELECT count(*) AS messages FROM tlsrpt.arrival
WHERE $__timeFilter(received_at) AND outcome = 'superseded'

-- #arrivals-by-outcome: What became of it
-- rejected ones are in quarantine.
SELECT $__timeGroupAlias(day,'1d'), outcome AS metric, sum(messages) AS messages
FROM (SELECT (received_at AT TIME ZONE 'UTC')::date AS day, outcome, count(*) AS messages
  FROM tlsrpt.arrival WHERE $__timeFilter(received_at) GROUP BY 1, 2) daily
GROUP BY 1, 2 ORDER BY 1, 2

-- #arrivals-by-channel: How it came
-- By mail, by https, or read from a file.
SELECT $__timeGroupAlias(day,'1d'), channel AS metric, sum(messages) AS messages
FROM (SELECT (received_at AT TIME ZONE 'UTC')::date AS day, channel, count(*) AS messages
  FROM tlsrpt.arrival WHERE $__timeFilter(received_at) GROUP BY 1, 2) daily
GROUP BY 1, 2 ORDER BY 1, 2

-- #reasons: Why it was set aside
-- Reasons are in tlsrpt-ingest(1).
SELECT reason, count(*) AS messages FROM tlsrpt.arrival
WHERE $__timeFilter(received_at) AND outcome = 'rejected'
GROUP BY 1 ORDER BY 2 DESC LIMIT 15

-- #rejected-by-reason: Set aside by day
-- A sudden rise is worth a look into the quarantine.
SELECT $__timeGroupAlias(received_at,'1d'), reason AS metric, count(*) AS messages
FROM tlsrpt.arrival WHERE $__timeFilter(received_at) AND outcome = 'rejected'
GROUP BY 1, 2 ORDER BY 1, 2

-- #lag: From the end of the day to arrival
-- Average over the reports of a day. A few hours are usual.
SELECT $__timeGroupAlias(day,'1d'),
  (sum(lag_seconds) / nullif(sum(reports), 0) / 3600)::float8 AS hours
FROM tlsrpt.daily_total WHERE $__timeFilter(day) AND policy_domain = '*'
GROUP BY 1 HAVING sum(lag_seconds) IS NOT NULL ORDER BY 1

-- #lag-by-reporter: Lag by reporter
-- Average hours from the end of the time reported on to arrival.
SELECT coalesce(organization, 'not given') AS reporter,
  (sum(lag_seconds) / nullif(sum(reports), 0) / 3600)::float8 AS hours,
  sum(reports) AS reports
FROM tlsrpt.daily_total WHERE $__timeFilter(day) AND policy_domain = '*'
GROUP BY 1 HAVING sum(reports) > 0 AND sum(lag_seconds) IS NOT NULL ORDER BY 2 DESC
