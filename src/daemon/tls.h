/* The certificate of the HTTPS server, which can be read anew. */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>

#include "base/fault.h"

/* One for the whole process: the library's callback takes no pointer. */

/*
 * Read a certificate chain and its key, as PEM.  Connections that are made
 * from then on get them; where it fails, the ones before stay in use.
 * Fails with FAULT_CONFIG.
 */
bool tls_load(const char *certificate, const char *key, struct fault *fault);

/*
 * The function that libmicrohttpd asks for the certificate, as
 * MHD_OPTION_HTTPS_CERT_CALLBACK takes it.
 */
typedef void tls_function(void);
tls_function *tls_callback(void);

/* The priorities of GnuTLS: TLS 1.2 and 1.3. */
extern const char tls_priorities[];

void tls_free(void);

#endif
