#!/usr/bin/env python3
"""Reports as parsedmarc keeps them: JSON, or SQL for its PostgreSQL tables.

    parsedmarc.py json|sql REPORT.json...
"""
import json
import sys

FAILURE = {"result_type": "result-type", "sending_mta_ip": "sending-mta-ip",
           "receiving_ip": "receiving-ip",
           "receiving_mx_hostname": "receiving-mx-hostname",
           "receiving_mx_helo": "receiving-mx-helo",
           "failed_session_count": "failed-session-count",
           "additional_info_uri": "additional-information",
           "failure_reason_code": "failure-reason-code"}

TABLES = """
CREATE TABLE smtp_tls_report (id BIGSERIAL PRIMARY KEY,
    organization_name TEXT NOT NULL, begin_date TIMESTAMPTZ NOT NULL,
    end_date TIMESTAMPTZ NOT NULL, contact_info TEXT, report_id TEXT NOT NULL);
CREATE TABLE smtp_tls_policy (id BIGSERIAL PRIMARY KEY,
    report_id BIGINT NOT NULL REFERENCES smtp_tls_report(id),
    policy_domain TEXT, policy_type TEXT, policy_strings TEXT[],
    mx_host_patterns TEXT[], successful_session_count INTEGER,
    failed_session_count INTEGER);
CREATE TABLE smtp_tls_failure_detail (id BIGSERIAL PRIMARY KEY,
    policy_id BIGINT NOT NULL REFERENCES smtp_tls_policy(id),
    result_type TEXT, failed_session_count INTEGER, sending_mta_ip INET,
    receiving_ip INET, receiving_mx_hostname TEXT, receiving_mx_helo TEXT,
    additional_info_uri TEXT, failure_reason_code TEXT);
"""


def policy(entry):
    made = {"policy_domain": entry["policy"]["policy-domain"],
            "policy_type": entry["policy"]["policy-type"],
            "successful_session_count":
                entry["summary"]["total-successful-session-count"],
            "failed_session_count":
                entry["summary"]["total-failure-session-count"]}
    if entry["policy"].get("policy-string"):
        made["policy_strings"] = entry["policy"]["policy-string"]
    if entry["policy"].get("mx-host"):
        hosts = entry["policy"]["mx-host"]
        made["mx_host_patterns"] = hosts if isinstance(hosts, list) else [hosts]
    made["failure_details"] = [
        {ours: detail[key] for ours, key in FAILURE.items() if key in detail}
        for detail in entry.get("failure-details", [])]
    return made


def report(document):
    return {"organization_name": document["organization-name"],
            "begin_date": document["date-range"]["start-datetime"],
            "end_date": document["date-range"]["end-datetime"],
            "contact_info": document["contact-info"],
            "report_id": document["report-id"],
            "policies": [policy(entry) for entry in document["policies"]]}


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "ARRAY[%s]::text[]" % ", ".join(map(literal, value))
    return "'%s'" % value.replace("'", "''")


def insert(table, row, **more):
    row = dict({key: value for key, value in row.items()
                if key not in ("policies", "failure_details")}, **more)
    print("INSERT INTO %s (%s) VALUES (%s);" % (
        table, ", ".join(row), ", ".join(map(literal, row.values()))))


def sql(reports):
    print(TABLES)
    policies = 0
    for number, entry in enumerate(reports, 1):
        insert("smtp_tls_report", entry)
        for item in entry["policies"]:
            policies += 1
            insert("smtp_tls_policy", item, report_id=number)
            for detail in item["failure_details"]:
                insert("smtp_tls_failure_detail", detail, policy_id=policies)


def main():
    reports = []
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            reports.append(report(json.load(file)))
    if sys.argv[1] == "sql":
        sql(reports)
    else:
        json.dump(reports, sys.stdout, indent=2)


main()
