#include "report/failure_reason.h"

#include <string.h>

#include "base/translate.h"

/* What many texts say. */
#define EXPIRED N_("The certificate has expired.")
#define NOT_YET                                                         \
	N_("The certificate is not valid yet, or the sender's clock is" \
	   " wrong.")
#define CHAIN                                                           \
	N_("The certificate's issuer is not known to the sender: the "  \
	   "server does not send the intermediate certificates, or the" \
	   " authority is not a public one.")
#define SELF_SIGNED N_("The certificate is self-signed: nobody vouches for it.")
#define OTHER_NAME \
	N_("The certificate does not name the host that was asked for.")
#define WEAK                                                      \
	N_("A key or signature of the chain is too weak for the " \
	   "sender.")
#define PURPOSE N_("The certificate is not made for servers.")
#define MAY_NOT_ISSUE                                                 \
	N_("A certificate of the chain may not issue others, or not " \
	   "for this name.")
#define REVOKED N_("The certificate was revoked by its authority.")
#define SIGNATURE                                                      \
	N_("A signature of the chain does not fit: a certificate was " \
	   "damaged or mixed up with another.")
#define NO_VERSION                                                     \
	N_("Both sides have no TLS version in common: one of them is " \
	   "too old or too strict.")
#define NO_CIPHER N_("Both sides have no cipher in common.")
#define HANDSHAKE \
	N_("The other side broke the handshake off without saying why.")
#define NO_TLS                                                       \
	N_("The server did not answer with TLS: a proxy or another " \
	   "service stands on that port.")
#define RESET                                                     \
	N_("The connection was cut while it was being set up: a " \
	   "firewall, a limit, or an overloaded host.")
#define TIME      N_("The other side did not answer in time.")
#define REFUSED   N_("Nothing listens there, or a firewall turns it away.")
#define NOT_FOUND N_("The name was not found in DNS, or DNS did not answer.")
#define NO_POLICY                                                   \
	N_("The web server of mta-sts.DOMAIN has no policy at the " \
	   "address where it belongs.")
#define WEB_ERROR \
	N_("The web server of mta-sts.DOMAIN had an error of its own.")
#define REDIRECT                                                        \
	N_("The web server of mta-sts.DOMAIN redirects, which MTA-STS " \
	   "does not follow.")
#define NOT_FETCHED                                                    \
	N_("The web server of mta-sts.DOMAIN did not answer with the " \
	   "policy.")
#define MX_MISMATCH                                                   \
	N_("The MX host matches none of the mx lines of the MTA-STS " \
	   "policy.")
#define NO_MORE                                                   \
	N_("The check of host or certificate against the policy " \
	   "failed; the sender says no more.")
#define TLSA N_("No TLSA record matches the certificate that was served.")
#define DNSSEC                                                         \
	N_("DNSSEC did not validate: the zone's signatures or its DS " \
	   "record are wrong.")
#define BAD_POLICY N_("The MTA-STS policy was fetched, and it has an error.")

/* Senders' words, by whose library or program they are. */
const struct failure_reason failure_reasons[] = {
	{ "X509_V_ERR_CERT_HAS_EXPIRED", "OpenSSL", EXPIRED,
	    "certificate-expired" },
	{ "certificate has expired", "OpenSSL", EXPIRED,
	    "certificate-expired" },
	{ "X509_V_ERR_CERT_NOT_YET_VALID", "OpenSSL", NOT_YET,
	    "certificate-not-trusted" },
	{ "certificate is not yet valid", "OpenSSL", NOT_YET,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "OpenSSL", CHAIN,
	    "certificate-not-trusted" },
	{ "unable to get local issuer certificate", "OpenSSL", CHAIN,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE", "OpenSSL", CHAIN,
	    "certificate-not-trusted" },
	{ "unable to verify the first certificate", "OpenSSL", CHAIN,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT", "OpenSSL", CHAIN,
	    "certificate-not-trusted" },
	{ "unable to get issuer certificate", "OpenSSL", CHAIN,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_CERT_UNTRUSTED", "OpenSSL", CHAIN,
	    "certificate-not-trusted" },
	{ "certificate not trusted", "OpenSSL", CHAIN,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_CERT_REJECTED", "OpenSSL", CHAIN,
	    "certificate-not-trusted" },
	{ "certificate rejected", "OpenSSL", CHAIN, "certificate-not-trusted" },
	{ "X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT", "OpenSSL", SELF_SIGNED,
	    "certificate-not-trusted" },
	{ "self signed certificate", "OpenSSL", SELF_SIGNED,
	    "certificate-not-trusted" },
	{ "self-signed certificate", "OpenSSL", SELF_SIGNED,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN", "OpenSSL", SELF_SIGNED,
	    "certificate-not-trusted" },
	{ "self-signed certificate in certificate chain", "OpenSSL",
	    N_("The chain ends at an authority of its own that the sender "
	       "does not know."),
	    "certificate-not-trusted" },
	{ "self signed certificate in certificate chain", "OpenSSL",
	    N_("The chain ends at an authority of its own that the sender "
	       "does not know."),
	    "certificate-not-trusted" },
	{ "X509_V_ERR_HOSTNAME_MISMATCH", "OpenSSL", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "hostname mismatch", "OpenSSL", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "X509_V_ERR_IP_ADDRESS_MISMATCH", "OpenSSL", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "IP address mismatch", "OpenSSL", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "X509_V_ERR_CERT_REVOKED", "OpenSSL", REVOKED,
	    "certificate-not-trusted" },
	{ "certificate revoked", "OpenSSL", REVOKED,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_UNABLE_TO_GET_CRL", "OpenSSL",
	    N_("The sender could not get a current list of revoked "
	       "certificates."),
	    "certificate-not-trusted" },
	{ "unable to get certificate CRL", "OpenSSL",
	    N_("The sender could not get a current list of revoked "
	       "certificates."),
	    "certificate-not-trusted" },
	{ "X509_V_ERR_CRL_HAS_EXPIRED", "OpenSSL",
	    N_("The sender could not get a current list of revoked "
	       "certificates."),
	    "certificate-not-trusted" },
	{ "CRL has expired", "OpenSSL",
	    N_("The sender could not get a current list of revoked "
	       "certificates."),
	    "certificate-not-trusted" },
	{ "X509_V_ERR_INVALID_PURPOSE", "OpenSSL", PURPOSE,
	    "certificate-not-trusted" },
	{ "unsupported certificate purpose", "OpenSSL", PURPOSE,
	    "certificate-not-trusted" },
	{ "unsuitable certificate purpose", "OpenSSL", PURPOSE,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_INVALID_CA", "OpenSSL", MAY_NOT_ISSUE,
	    "certificate-not-trusted" },
	{ "invalid CA certificate", "OpenSSL", MAY_NOT_ISSUE,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_PATH_LENGTH_EXCEEDED", "OpenSSL", MAY_NOT_ISSUE,
	    "certificate-not-trusted" },
	{ "path length constraint exceeded", "OpenSSL", MAY_NOT_ISSUE,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_PERMITTED_VIOLATION", "OpenSSL", MAY_NOT_ISSUE,
	    "certificate-not-trusted" },
	{ "permitted subtree violation", "OpenSSL", MAY_NOT_ISSUE,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_EXCLUDED_VIOLATION", "OpenSSL", MAY_NOT_ISSUE,
	    "certificate-not-trusted" },
	{ "excluded subtree violation", "OpenSSL", MAY_NOT_ISSUE,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED", "OpenSSL",
	    N_("The chain holds more proxy certificates than allowed; RFC "
	       "8460 uses it as its example, and some senders copy that."),
	    "certificate-not-trusted" },
	{ "proxy path length constraint exceeded", "OpenSSL",
	    N_("The chain holds more proxy certificates than allowed; RFC "
	       "8460 uses it as its example, and some senders copy that."),
	    "certificate-not-trusted" },
	{ "X509_V_ERR_CERT_CHAIN_TOO_LONG", "OpenSSL",
	    N_("The chain has more certificates than the sender follows."),
	    "certificate-not-trusted" },
	{ "certificate chain too long", "OpenSSL",
	    N_("The chain has more certificates than the sender follows."),
	    "certificate-not-trusted" },
	{ "X509_V_ERR_CERT_SIGNATURE_FAILURE", "OpenSSL", SIGNATURE,
	    "certificate-not-trusted" },
	{ "certificate signature failure", "OpenSSL", SIGNATURE,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_EE_KEY_TOO_SMALL", "OpenSSL", WEAK,
	    "certificate-not-trusted" },
	{ "EE certificate key too weak", "OpenSSL", WEAK,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_CA_KEY_TOO_SMALL", "OpenSSL", WEAK,
	    "certificate-not-trusted" },
	{ "CA certificate key too weak", "OpenSSL", WEAK,
	    "certificate-not-trusted" },
	{ "X509_V_ERR_CA_MD_TOO_WEAK", "OpenSSL", WEAK,
	    "certificate-not-trusted" },
	{ "CA signature digest algorithm too weak", "OpenSSL", WEAK,
	    "certificate-not-trusted" },
	{ "ee key too small", "OpenSSL", WEAK, "certificate-not-trusted" },
	{ "X509_V_ERR_DANE_NO_MATCH", "OpenSSL", TLSA, "tlsa-invalid" },
	{ "No matching DANE TLSA records", "OpenSSL", TLSA, "tlsa-invalid" },
	{ "certificate verify failed", "OpenSSL",
	    N_("The certificate did not pass; the sender says no more."),
	    "certificate-not-trusted" },
	{ "dh key too small", "OpenSSL",
	    N_("The server's Diffie-Hellman parameters are too small for "
	       "the sender."),
	    "validation-failure" },
	{ "no shared cipher", "OpenSSL", NO_CIPHER, "validation-failure" },
	{ "sslv3 alert handshake failure", "OpenSSL", NO_CIPHER,
	    "validation-failure" },
	{ "unsupported protocol", "OpenSSL", NO_VERSION, "validation-failure" },
	{ "wrong version number", "OpenSSL", NO_VERSION, "validation-failure" },
	{ "tlsv1 alert protocol version", "OpenSSL", NO_VERSION,
	    "validation-failure" },
	{ "no protocols available", "OpenSSL", NO_VERSION,
	    "validation-failure" },
	{ "unexpected eof while reading", "OpenSSL", RESET,
	    "validation-failure" },
	{ "SSL_ERROR_SYSCALL", "OpenSSL", RESET, "validation-failure" },
	{ "tlsv1 alert internal error", "OpenSSL",
	    N_("The receiving server had an error of its own: look into "
	       "its log."),
	    "validation-failure" },
	{ "alert internal error", "OpenSSL",
	    N_("The receiving server had an error of its own: look into "
	       "its log."),
	    "validation-failure" },
	{ "unrecognized name", "OpenSSL",
	    N_("The receiving server has no certificate for the name that "
	       "was asked for."),
	    "certificate-host-mismatch" },
	{ "alert number 112", "OpenSSL",
	    N_("The receiving server has no certificate for the name that "
	       "was asked for."),
	    "certificate-host-mismatch" },
	{ "alert unknown ca", "OpenSSL", CHAIN, "certificate-not-trusted" },
	{ "x509: certificate has expired or is not yet valid", "Go", EXPIRED,
	    "certificate-expired" },
	{ "x509: certificate signed by unknown authority", "Go", CHAIN,
	    "certificate-not-trusted" },
	{ "x509: certificate is valid for", "Go", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "x509: certificate is not valid for any names", "Go", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "x509: cannot validate certificate for", "Go", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "x509: certificate relies on legacy Common Name", "Go",
	    N_("The certificate has a name of the old kind only; it needs "
	       "subject alternative names."),
	    "certificate-host-mismatch" },
	{ "x509: certificate is not authorized to sign other "
	  "certificates",
	    "Go", MAY_NOT_ISSUE, "certificate-not-trusted" },
	{ "x509: too many intermediates", "Go", MAY_NOT_ISSUE,
	    "certificate-not-trusted" },
	{ "x509: a root or intermediate certificate is not authorized", "Go",
	    MAY_NOT_ISSUE, "certificate-not-trusted" },
	{ "x509: certificate specifies an incompatible key usage", "Go",
	    PURPOSE, "certificate-not-trusted" },
	{ "x509: issuer name does not match", "Go", SIGNATURE,
	    "certificate-not-trusted" },
	{ "x509: invalid signature", "Go", SIGNATURE,
	    "certificate-not-trusted" },
	{ "x509: cannot verify signature: insecure algorithm", "Go", WEAK,
	    "certificate-not-trusted" },
	{ "tls: failed to verify certificate", "Go",
	    N_("The certificate did not pass."), "certificate-not-trusted" },
	{ "tls: first record does not look like a TLS handshake", "Go", NO_TLS,
	    "validation-failure" },
	{ "tls: protocol version not supported", "Go", NO_VERSION,
	    "validation-failure" },
	{ "tls: no supported versions satisfy", "Go", NO_VERSION,
	    "validation-failure" },
	{ "tls: server selected unsupported protocol version", "Go", NO_VERSION,
	    "validation-failure" },
	{ "tls: no cipher suite supported by both", "Go", NO_CIPHER,
	    "validation-failure" },
	{ "remote error: tls: insufficient security", "Go", NO_CIPHER,
	    "validation-failure" },
	{ "remote error: tls: handshake failure", "Go", HANDSHAKE,
	    "validation-failure" },
	{ "tls: handshake failure", "Go", HANDSHAKE, "validation-failure" },
	{ "remote error: tls: unrecognized name", "Go",
	    N_("The receiving server has no certificate for the name that "
	       "was asked for."),
	    "certificate-host-mismatch" },
	{ "i/o timeout", "Go", TIME, "validation-failure" },
	{ "context deadline exceeded", "Go", TIME, "validation-failure" },
	{ "TLS handshake timeout", "Go", TIME, "validation-failure" },
	{ "Client.Timeout exceeded", "Go", TIME, "validation-failure" },
	{ "connect: connection refused", "Go", REFUSED, "validation-failure" },
	{ "connection reset by peer", "Go", RESET, "validation-failure" },
	{ "broken pipe", "Go", RESET, "validation-failure" },
	{ "unexpected EOF", "Go", RESET, "validation-failure" },
	{ "no such host", "Go", NOT_FOUND, "validation-failure" },
	{ "server misbehaving", "Go", NOT_FOUND, "validation-failure" },
	{ "MX_HOSTS_MISMATCH", "Microsoft", MX_MISMATCH,
	    "certificate-host-mismatch" },
	{ "4.4.8", "Microsoft", MX_MISMATCH, "certificate-host-mismatch" },
	{ "failed MTA-STS validation", "Microsoft", MX_MISMATCH,
	    "certificate-host-mismatch" },
	{ "VALIDATION_FAILURE", "Microsoft", NO_MORE, "validation-failure" },
	{ "CERTIFICATE_EXPIRED", "Microsoft", EXPIRED, "certificate-expired" },
	{ "5.7.322", "Microsoft", EXPIRED, "certificate-expired" },
	{ "ASN1_CERT_EXPIRED", "Microsoft", EXPIRED, "certificate-expired" },
	{ "CERTIFICATE_HOST_MISMATCH", "Microsoft", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "5.7.325", "Microsoft", OTHER_NAME, "certificate-host-mismatch" },
	{ "CERTIFICATE_NOT_TRUSTED", "Microsoft", CHAIN,
	    "certificate-not-trusted" },
	{ "CERT_E_UNTRUSTEDROOT", "Microsoft", CHAIN,
	    "certificate-not-trusted" },
	{ "CERT_E_CHAINING", "Microsoft", CHAIN, "certificate-not-trusted" },
	{ "STARTTLS_NOT_SUPPORTED", "Microsoft",
	    N_("The host did not offer STARTTLS."), "starttls-not-supported" },
	{ "5.7.321", "Microsoft", N_("The host did not offer STARTTLS."),
	    "starttls-not-supported" },
	{ "TLSA_INVALID", "Microsoft", TLSA, "tlsa-invalid" },
	{ "5.7.323", "Microsoft", TLSA, "tlsa-invalid" },
	{ "DNSSEC_INVALID", "Microsoft", DNSSEC, "dnssec-invalid" },
	{ "5.7.324", "Microsoft", DNSSEC, "dnssec-invalid" },
	{ "POLICY_FETCH_ERROR", "Microsoft", NOT_FETCHED,
	    "sts-policy-fetch-error" },
	{ "STS_POLICY_FETCH_ERROR", "Microsoft", NOT_FETCHED,
	    "sts-policy-fetch-error" },
	{ "SEC_E_ILLEGAL_MESSAGE", "Microsoft", NO_VERSION,
	    "validation-failure" },
	{ "SEC_E_ALGORITHM_MISMATCH", "Microsoft", NO_VERSION,
	    "validation-failure" },
	{ "TLS_ERROR", "Microsoft", HANDSHAKE, "validation-failure" },
	{ "bad https response code: 4", "Mail.ru", NO_POLICY,
	    "sts-policy-fetch-error" },
	{ "bad https response code: 5", "Mail.ru", WEB_ERROR,
	    "sts-policy-fetch-error" },
	{ "bad https response code: 3", "Mail.ru", REDIRECT,
	    "sts-policy-fetch-error" },
	{ "bad https response code", "Mail.ru", NOT_FETCHED,
	    "sts-policy-fetch-error" },
	{ "HTTP 404", "HTTP", NO_POLICY, "sts-policy-fetch-error" },
	{ "HTTP 403", "HTTP", NO_POLICY, "sts-policy-fetch-error" },
	{ "HTTP 410", "HTTP", NO_POLICY, "sts-policy-fetch-error" },
	{ "status code 404", "HTTP", NO_POLICY, "sts-policy-fetch-error" },
	{ "status code 403", "HTTP", NO_POLICY, "sts-policy-fetch-error" },
	{ "404 Not Found", "HTTP", NO_POLICY, "sts-policy-fetch-error" },
	{ "403 Forbidden", "HTTP", NO_POLICY, "sts-policy-fetch-error" },
	{ "HTTP 500", "HTTP", WEB_ERROR, "sts-policy-fetch-error" },
	{ "HTTP 502", "HTTP", WEB_ERROR, "sts-policy-fetch-error" },
	{ "HTTP 503", "HTTP", WEB_ERROR, "sts-policy-fetch-error" },
	{ "HTTP 504", "HTTP", WEB_ERROR, "sts-policy-fetch-error" },
	{ "status code 50", "HTTP", WEB_ERROR, "sts-policy-fetch-error" },
	{ "Bad Gateway", "HTTP", WEB_ERROR, "sts-policy-fetch-error" },
	{ "Service Unavailable", "HTTP", WEB_ERROR, "sts-policy-fetch-error" },
	{ "HTTP 301", "HTTP", REDIRECT, "sts-policy-fetch-error" },
	{ "HTTP 302", "HTTP", REDIRECT, "sts-policy-fetch-error" },
	{ "HTTP 307", "HTTP", REDIRECT, "sts-policy-fetch-error" },
	{ "HTTP 308", "HTTP", REDIRECT, "sts-policy-fetch-error" },
	{ "status code 30", "HTTP", REDIRECT, "sts-policy-fetch-error" },
	{ "redirect", "HTTP", REDIRECT, "sts-policy-fetch-error" },
	{ "unexpected content type", "HTTP",
	    N_("The policy is served with another type than text/plain."),
	    "sts-policy-fetch-error" },
	{ "wrong content type", "HTTP",
	    N_("The policy is served with another type than text/plain."),
	    "sts-policy-fetch-error" },
	{ "invalid content-type", "HTTP",
	    N_("The policy is served with another type than text/plain."),
	    "sts-policy-fetch-error" },
	{ "policy is invalid", "MTA-STS", BAD_POLICY, "sts-policy-invalid" },
	{ "invalid policy", "MTA-STS", BAD_POLICY, "sts-policy-invalid" },
	{ "malformed policy", "MTA-STS", BAD_POLICY, "sts-policy-invalid" },
	{ "policy parse", "MTA-STS", BAD_POLICY, "sts-policy-invalid" },
	{ "failed to parse policy", "MTA-STS", BAD_POLICY,
	    "sts-policy-invalid" },
	{ "not match any mx", "MTA-STS", MX_MISMATCH,
	    "certificate-host-mismatch" },
	{ "not in policy", "MTA-STS", MX_MISMATCH,
	    "certificate-host-mismatch" },
	{ "mx mismatch", "MTA-STS", MX_MISMATCH, "certificate-host-mismatch" },
	{ "MX host not listed", "MTA-STS", MX_MISMATCH,
	    "certificate-host-mismatch" },
	{ "not authorized by policy", "MTA-STS", MX_MISMATCH,
	    "certificate-host-mismatch" },
	{ "The certificate is NOT trusted", "Exim, GnuTLS", CHAIN,
	    "certificate-not-trusted" },
	{ "certificate issuer is unknown", "Exim, GnuTLS", CHAIN,
	    "certificate-not-trusted" },
	{ "signer is not found", "Exim, GnuTLS", CHAIN,
	    "certificate-not-trusted" },
	{ "certificate uses expired", "Exim, GnuTLS", EXPIRED,
	    "certificate-expired" },
	{ "chain uses expired certificate", "Exim, GnuTLS", EXPIRED,
	    "certificate-expired" },
	{ "uses not yet valid certificate", "Exim, GnuTLS", NOT_YET,
	    "certificate-not-trusted" },
	{ "does not match the expected", "Exim, GnuTLS", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "name in the certificate does not match", "Exim, GnuTLS", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "uses insecure algorithm", "Exim, GnuTLS", WEAK,
	    "certificate-not-trusted" },
	{ "No supported cipher suites have been found", "Exim, GnuTLS",
	    NO_CIPHER, "validation-failure" },
	{ "TLS fatal alert has been received", "Exim, GnuTLS", HANDSHAKE,
	    "validation-failure" },
	{ "unsupported version packet was received", "Exim, GnuTLS", NO_VERSION,
	    "validation-failure" },
	{ "non-properly terminated", "Exim, GnuTLS", RESET,
	    "validation-failure" },
	{ "STARTTLS not offered", "Exim, GnuTLS",
	    N_("The host did not offer STARTTLS."), "starttls-not-supported" },
	{ "did not offer STARTTLS", "Exim, GnuTLS",
	    N_("The host did not offer STARTTLS."), "starttls-not-supported" },
	{ "TLS is required, but was not offered", "Exim, GnuTLS",
	    N_("The host did not offer STARTTLS."), "starttls-not-supported" },
	{ "STARTTLS unavailable", "Exim, GnuTLS",
	    N_("The host did not offer STARTTLS."), "starttls-not-supported" },
	{ "Server certificate not verified", "Postfix",
	    N_("The certificate did not pass; the sender says no more."),
	    "certificate-not-trusted" },
	{ "Server certificate not trusted", "Postfix", CHAIN,
	    "certificate-not-trusted" },
	{ "untrusted issuer", "Postfix", CHAIN, "certificate-not-trusted" },
	{ "Server certificate expired", "Postfix", EXPIRED,
	    "certificate-expired" },
	{ "TLSA records unusable", "Postfix",
	    N_("The sender wanted TLSA records from a signed zone, and "
	       "found none that it can use."),
	    "dane-required" },
	{ "no TLSA records", "Postfix",
	    N_("The sender wanted TLSA records from a signed zone, and "
	       "found none that it can use."),
	    "dane-required" },
	{ "non DNSSEC destination", "Postfix",
	    N_("The sender wanted TLSA records from a signed zone, and "
	       "found none that it can use."),
	    "dane-required" },
	{ "Cannot start TLS: handshake failure", "Postfix", HANDSHAKE,
	    "validation-failure" },
	{ "lost connection", "Postfix", RESET, "validation-failure" },
	{ "invalid peer certificate: Expired", "rustls", EXPIRED,
	    "certificate-expired" },
	{ "CertExpired", "rustls", EXPIRED, "certificate-expired" },
	{ "NotValidYet", "rustls", NOT_YET, "certificate-not-trusted" },
	{ "CertNotValidYet", "rustls", NOT_YET, "certificate-not-trusted" },
	{ "UnknownIssuer", "rustls", CHAIN, "certificate-not-trusted" },
	{ "NotValidForName", "rustls", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "CertNotValidForName", "rustls", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "CaUsedAsEndEntity", "rustls",
	    N_("The certificate is that of an authority, and not of a "
	       "server."),
	    "certificate-not-trusted" },
	{ "BadSignature", "rustls", SIGNATURE, "certificate-not-trusted" },
	{ "InvalidCertificateSignature", "rustls", SIGNATURE,
	    "certificate-not-trusted" },
	{ "received fatal alert: HandshakeFailure", "rustls", HANDSHAKE,
	    "validation-failure" },
	{ "received fatal alert: ProtocolVersion", "rustls", NO_VERSION,
	    "validation-failure" },
	{ "InvalidContentType", "rustls", NO_TLS, "validation-failure" },
	{ "received corrupt message", "rustls", NO_TLS, "validation-failure" },
	{ "PKIX path building failed", "Java", CHAIN,
	    "certificate-not-trusted" },
	{ "unable to find valid certification path", "Java", CHAIN,
	    "certificate-not-trusted" },
	{ "CertificateExpiredException", "Java", EXPIRED,
	    "certificate-expired" },
	{ "No subject alternative", "Java", OTHER_NAME,
	    "certificate-host-mismatch" },
	{ "SERVFAIL", "DNS", DNSSEC, "dnssec-invalid" },
	{ "bogus", "DNS", DNSSEC, "dnssec-invalid" },
	{ "DNSSEC validation fail", "DNS", DNSSEC, "dnssec-invalid" },
	{ "NXDOMAIN", "DNS", NOT_FOUND, "validation-failure" },
	{ "Host not found", "DNS", NOT_FOUND, "validation-failure" },
	{ "Name or service not known", "DNS", NOT_FOUND, "validation-failure" },
	{ "Connection timed out", "TCP", TIME, "validation-failure" },
	{ "Operation timed out", "TCP", TIME, "validation-failure" },
	{ "timed out", "TCP", TIME, "validation-failure" },
	{ "Connection refused", "TCP", REFUSED, "validation-failure" },
	{ "No route to host", "TCP",
	    N_("The network has no way to that address; often it is an "
	       "IPv6 address that is published and not connected."),
	    "validation-failure" },
	{ "Network is unreachable", "TCP",
	    N_("The network has no way to that address; often it is an "
	       "IPv6 address that is published and not connected."),
	    "validation-failure" },
};

const size_t nfailure_reasons =
    sizeof(failure_reasons) / sizeof(failure_reasons[0]);

const struct failure_reason *
failure_reason_find(const char *reason)
{
	const struct failure_reason *found = NULL;

	for (size_t i = 0; i < nfailure_reasons && reason != NULL; i++) {
		const struct failure_reason *row = &failure_reasons[i];

		if (strcasestr(reason, row->text) != NULL &&
		    (found == NULL || strlen(row->text) > strlen(found->text)))
			found = row;
	}
	return found;
}
