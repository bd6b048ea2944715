# Reports go to the agent; where that cannot be, they stay in the mailbox.
require ["vnd.dovecot.pipe", "copy"];

if allof (header :contains "Content-Type" "report-type",
    header :contains "Content-Type" "tlsrpt") {
	pipe "tlsrpt-ingest";
	stop;
}
