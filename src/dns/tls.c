#include "dns/tls.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/text.h"
#include "dns/names.h"
#include "dns/net.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls_session {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

/* --------------------------------------------------------------- waiting */

/* After a call that wants more: wait for the socket, and say to go on. */
static bool
go_on(struct tls_session *session, int got, int64_t until)
{
	switch (SSL_get_error(session->ssl, got)) {
	case SSL_ERROR_WANT_READ:
		return net_wait(session->fd, false, until);
	case SSL_ERROR_WANT_WRITE:
		return net_wait(session->fd, true, until);
	default:
		return false;
	}
}

static const char *
why_not(struct arena *arena)
{
	unsigned long error = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(error);

	if (reason != NULL)
		return arena_printf(arena, "%s", reason);
	if (errno == ETIMEDOUT)
		return "no answer in time";
	return errno != 0 ? arena_printf(arena, "%s", strerror(errno)) :
			    "the connection was closed";
}

static bool
shake_hands(struct tls_session *session, int64_t until)
{
	for (;;) {
		int got = SSL_connect(session->ssl);

		if (got == 1)
			return true;
		if (!go_on(session, got, until))
			return false;
	}
}

long
tls_read(struct tls_session *session, void *to, size_t size, int64_t until)
{
	for (;;) {
		int got;

		ERR_clear_error();
		got = SSL_read(session->ssl, to,
		    size < INT_MAX ? (int)size : INT_MAX);
		if (got > 0)
			return got;
		if (SSL_get_error(session->ssl, got) == SSL_ERROR_ZERO_RETURN)
			return 0;
		if (!go_on(session, got, until))
			return -1;
	}
}

bool
tls_write(struct tls_session *session, const void *from, size_t len,
    int64_t until)
{
	for (;;) {
		int got;

		ERR_clear_error();
		got = SSL_write(session->ssl, from, (int)len);
		if (got > 0)
			return true;
		if (!go_on(session, got, until))
			return false;
	}
}

/* ----------------------------------------------------- the certificate */

static int64_t
seconds(const ASN1_TIME *when)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	return ASN1_TIME_to_tm(when, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static const char *
name_text(const X509_NAME *name, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at;
	long len;
	const char *text = "";

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0,
		XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
		len = BIO_get_mem_data(bio, &at);
		text = arena_copy(arena, at, len > 0 ? (size_t)len : 0);
	}
	BIO_free(bio);
	return text;
}

/* A name with a NUL in it is none. */
static void
keep_name(const ASN1_STRING *string, struct tls_peer *peer, struct arena *arena)
{
	size_t len = (size_t)ASN1_STRING_length(string);
	const unsigned char *data = ASN1_STRING_get0_data(string);

	if (len > NAME_MOST || memchr(data, '\0', len) != NULL ||
	    peer->nnames == CERTIFICATE_NAMES_MOST)
		return;
	peer->names[peer->nnames++] =
	    text_lower(arena_copy(arena, data, len), arena);
}

static void
keep_names(X509 *certificate, struct tls_peer *peer, struct arena *arena)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	peer->names =
	    arena_array(arena, CERTIFICATE_NAMES_MOST, sizeof(*peer->names));
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			keep_name(name->d.dNSName, peer, arena);
	}
	GENERAL_NAMES_free(names);
}

static struct bytes
encoded(const void *object, i2d_of_void *encode, struct arena *arena)
{
	unsigned char *der = NULL;
	int len = encode(object, &der);
	struct bytes bytes = { (const unsigned char *)"", 0 };

	if (len > 0) {
		bytes.at = (unsigned char *)arena_copy(arena, der, (size_t)len);
		bytes.len = (size_t)len;
	}
	OPENSSL_free(der);
	return bytes;
}

static int
encode_certificate(const void *object, unsigned char **der)
{
	return i2d_X509(object, der);
}

static int
encode_key(const void *object, unsigned char **der)
{
	return i2d_X509_PUBKEY(object, der);
}

static void
keep_one(X509 *certificate, struct tlsa_certificate *kept, struct arena *arena)
{
	kept->der = encoded(certificate, encode_certificate, arena);
	kept->key =
	    encoded(X509_get_X509_PUBKEY(certificate), encode_key, arena);
	(void)EVP_Digest(kept->der.at, kept->der.len, kept->der_sha256, NULL,
	    EVP_sha256(), NULL);
	(void)EVP_Digest(kept->der.at, kept->der.len, kept->der_sha512, NULL,
	    EVP_sha512(), NULL);
	(void)EVP_Digest(kept->key.at, kept->key.len, kept->key_sha256, NULL,
	    EVP_sha256(), NULL);
	(void)EVP_Digest(kept->key.at, kept->key.len, kept->key_sha512, NULL,
	    EVP_sha512(), NULL);
}

static void
keep_chain(STACK_OF(X509) * chain, struct tls_peer *peer, struct arena *arena)
{
	peer->chain =
	    arena_array(arena, CERTIFICATE_CHAIN_MOST, sizeof(*peer->chain));
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (peer->nchain < CERTIFICATE_CHAIN_MOST)
			keep_one(sk_X509_value(chain, i),
			    &peer->chain[peer->nchain++], arena);
}

/* ---------------------------------------------------------------- trust */

/* The dates of the host's own certificate are looked at elsewhere. */
static int
pass_own_dates(int good, X509_STORE_CTX *context)
{
	int error = X509_STORE_CTX_get_error(context);

	if (!good && X509_STORE_CTX_get_error_depth(context) == 0 &&
	    (error == X509_V_ERR_CERT_HAS_EXPIRED ||
		error == X509_V_ERR_CERT_NOT_YET_VALID)) {
		X509_STORE_CTX_set_error(context, X509_V_OK);
		return 1;
	}
	return good;
}

static bool
verify(X509_STORE *store, STACK_OF(X509) * chain, bool own_dates,
    unsigned long flags, struct arena *arena, const char **why)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool good = false;

	if (context == NULL)
		fault_out_of_memory();
	if (X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0),
		chain) == 1) {
		X509_STORE_CTX_set_default(context, "ssl_server");
		X509_STORE_CTX_set_flags(context, flags);
		if (!own_dates)
			X509_STORE_CTX_set_verify_cb(context, pass_own_dates);
		good = X509_verify_cert(context) == 1;
	}
	if (!good)
		*why = arena_printf(arena, "%s",
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(context)));
	X509_STORE_CTX_free(context);
	return good;
}

bool
tls_leads_to(struct tls_session *session, size_t index, struct arena *arena,
    const char **why)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(session->ssl);
	X509_STORE *store = X509_STORE_new();
	bool good = false;

	if (store == NULL)
		fault_out_of_memory();
	*why = "no such certificate";
	if (chain != NULL && index < (size_t)sk_X509_num(chain) &&
	    X509_STORE_add_cert(store, sk_X509_value(chain, (int)index)) == 1)
		good = verify(store, chain, true, X509_V_FLAG_PARTIAL_CHAIN,
		    arena, why);
	X509_STORE_free(store);
	return good;
}

/* ------------------------------------------------------------- the session */

void
tls_end(struct tls_session *session)
{
	if (session == NULL)
		return;
	SSL_free(session->ssl);
	SSL_CTX_free(session->context);
	free(session);
}

static bool
set_up(struct tls_session *session, const struct tls_request *request,
    const char **why)
{
	SSL_CTX *context = session->context;
	char host[NAME_MOST + 1]; /* the macro wants one that is not const */

	(void)snprintf(host, sizeof(host), "%s", request->host);
	/* What a server speaks is to be seen, however old it is. */
	(void)SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
	if (request->offer == TLS_OFFER_OLD)
		(void)SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
	SSL_CTX_set_security_level(context, 0);
	(void)SSL_CTX_set_cipher_list(context, "ALL:!aNULL:!eNULL@SECLEVEL=0");
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	if (request->ca_file != NULL ?
		SSL_CTX_load_verify_locations(context, request->ca_file,
		    NULL) != 1 :
		SSL_CTX_set_default_verify_paths(context) != 1) {
		*why = "the certificates of authorities cannot be read";
		return false;
	}
	session->ssl = SSL_new(context);
	if (session->ssl == NULL || SSL_set_fd(session->ssl, session->fd) != 1)
		fault_out_of_memory();
	(void)SSL_set_tlsext_host_name(session->ssl, host);
	return true;
}

static bool
look_at(struct tls_session *session, struct tls_peer *peer, struct arena *arena,
    const char **why)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(session->ssl);
	X509 *own = chain != NULL ? sk_X509_value(chain, 0) : NULL;

	*peer = (struct tls_peer){ .version = arena_printf(arena, "%s",
				       SSL_get_version(session->ssl)),
		.cipher =
		    arena_printf(arena, "%s", SSL_get_cipher(session->ssl)) };
	if (own == NULL) {
		*why = "there is no certificate";
		return false;
	}
	peer->subject = name_text(X509_get_subject_name(own), arena);
	peer->issuer = name_text(X509_get_issuer_name(own), arena);
	peer->not_before = seconds(X509_get0_notBefore(own));
	peer->not_after = seconds(X509_get0_notAfter(own));
	keep_names(own, peer, arena);
	keep_chain(chain, peer, arena);
	peer->trusted = verify(SSL_CTX_get_cert_store(session->context), chain,
	    false, 0, arena, &peer->untrusted);
	return true;
}

bool
tls_start(const struct tls_request *request, struct arena *arena,
    struct tls_session **session, struct tls_peer *peer, const char **why)
{
	struct tls_session *made = calloc(1, sizeof(*made));

	if (made == NULL)
		fault_out_of_memory();
	made->fd = request->fd;
	made->context = SSL_CTX_new(TLS_client_method());
	if (made->context == NULL)
		fault_out_of_memory();
	ERR_clear_error();
	errno = 0;
	if (set_up(made, request, why)) {
		if (!shake_hands(made, request->until)) {
			*why = why_not(arena);
		} else if (look_at(made, peer, arena, why)) {
			*session = made;
			return true;
		}
	}
	tls_end(made);
	return false;
}

bool
tls_names(const struct tls_peer *peer, const char *host)
{
	for (size_t i = 0; i < peer->nnames; i++)
		if (name_matches(peer->names[i], host))
			return true;
	return false;
}
