#include "daemon/tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

enum { CHAIN_MOST = 16, PEM_MOST = 1 << 20 };

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3";

/*
 * Handshakes under way may hold what is no longer the latest, so nothing is
 * freed before the end: a few KiB for each renewal.
 */
struct identity {
	struct identity *older;
	gnutls_pcert_st chain[CHAIN_MOST];
	unsigned int length;
	gnutls_privkey_t key;
};

static struct {
	pthread_mutex_t lock;
	struct identity *latest;
} identities = { PTHREAD_MUTEX_INITIALIZER, NULL };

static bool
failed(const char *path, int code, struct fault *fault)
{
	return fault_set(fault, FAULT_CONFIG, "%s: could not be read: %s", path,
	    code == GNUTLS_E_FILE_ERROR ? "no such file, or no right to" :
					  gnutls_strerror(code));
}

static bool
load_chain(struct identity *identity, const char *path, struct fault *fault)
{
	gnutls_datum_t pem;
	int code = gnutls_load_file(path, &pem);

	if (code < 0)
		return failed(path, code, fault);
	identity->length = CHAIN_MOST;
	code = gnutls_pcert_list_import_x509_raw(identity->chain,
	    &identity->length, &pem, GNUTLS_X509_FMT_PEM, 0);
	gnutls_free(pem.data);
	if (code >= 0)
		return true;
	identity->length = 0;
	return failed(path, code, fault);
}

static bool
load_key(struct identity *identity, const char *path, struct fault *fault)
{
	gnutls_datum_t pem;
	int code = gnutls_load_file(path, &pem);

	if (code < 0)
		return failed(path, code, fault);
	code = gnutls_privkey_init(&identity->key);
	if (code >= 0)
		code = gnutls_privkey_import_x509_raw(identity->key, &pem,
		    GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	return code >= 0 || failed(path, code, fault);
}

/* A key that is not the certificate's would fail every handshake. */
static bool
belong_together(struct identity *identity, const char *path,
    struct fault *fault)
{
	gnutls_pubkey_t of_key;
	unsigned char wanted[64];
	unsigned char got[64];
	size_t wanted_size = sizeof(wanted);
	size_t got_size = sizeof(got);
	bool good;

	if (gnutls_pubkey_init(&of_key) < 0)
		return failed(path, GNUTLS_E_MEMORY_ERROR, fault);
	good = gnutls_pubkey_import_privkey(of_key, identity->key, 0, 0) >= 0 &&
	    gnutls_pubkey_get_key_id(of_key, GNUTLS_KEYID_USE_SHA256, got,
		&got_size) >= 0 &&
	    gnutls_pubkey_get_key_id(identity->chain[0].pubkey,
		GNUTLS_KEYID_USE_SHA256, wanted, &wanted_size) >= 0 &&
	    got_size == wanted_size && memcmp(got, wanted, got_size) == 0;
	gnutls_pubkey_deinit(of_key);
	return good ||
	    fault_set(fault, FAULT_CONFIG,
		"%s: it is not the certificate's key", path);
}

static void
identity_free(struct identity *identity)
{
	for (unsigned int i = 0; i < identity->length; i++)
		gnutls_pcert_deinit(&identity->chain[i]);
	if (identity->key != NULL)
		gnutls_privkey_deinit(identity->key);
	free(identity);
}

bool
tls_load(const char *certificate, const char *key, struct fault *fault)
{
	struct identity *identity = calloc(1, sizeof(*identity));

	if (identity == NULL)
		fault_out_of_memory();
	if (!load_chain(identity, certificate, fault) ||
	    !load_key(identity, key, fault) ||
	    !belong_together(identity, key, fault)) {
		identity_free(identity);
		return false;
	}
	(void)pthread_mutex_lock(&identities.lock);
	identity->older = identities.latest;
	identities.latest = identity;
	(void)pthread_mutex_unlock(&identities.lock);
	return true;
}

/* NOLINTBEGIN(readability-function-size): the library's own signature */
static int
retrieve(gnutls_session_t session, const gnutls_datum_t *authorities,
    int nauthorities, const gnutls_pk_algorithm_t *algorithms, int nalgorithms,
    gnutls_pcert_st **chain, unsigned int *length, gnutls_privkey_t *key)
{
	(void)session;
	(void)authorities;
	(void)nauthorities;
	(void)algorithms;
	(void)nalgorithms;
	(void)pthread_mutex_lock(&identities.lock);
	*chain = identities.latest->chain;
	*length = identities.latest->length;
	*key = identities.latest->key;
	(void)pthread_mutex_unlock(&identities.lock);
	return 0;
}
/* NOLINTEND(readability-function-size) */

tls_function *
tls_callback(void)
{
	return (tls_function *)retrieve;
}

void
tls_free(void)
{
	while (identities.latest != NULL) {
		struct identity *identity = identities.latest;

		identities.latest = identity->older;
		identity_free(identity);
	}
}
