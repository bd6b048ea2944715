"""Name servers, a web server and mail servers for tlsrpt-dns, on loopback.

Lab(folder) makes zones, keys and certificates in a folder, and starts nsd
(signed zones, own trust anchor), unbound, nginx (own authority), Postfix, and
small mail servers for what Postfix does not do.  stop() ends what it started.
"""
import datetime
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.utcnow()
DAY = datetime.timedelta(days=1)


def free_port():
    """A port that is free for TCP and UDP just now."""
    while True:
        with socket.socket() as tcp, \
                socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Authority:
    """A certification authority and what it issues."""

    def __init__(self, folder, name):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            x509.CertificateBuilder().subject_name(self.name)
            .issuer_name(self.name).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 10 * DAY).not_valid_after(NOW + 900 * DAY)
            .add_extension(x509.BasicConstraints(True, None), True)
            .sign(self.key, hashes.SHA256()))
        self.file = os.path.join(folder, name + ".ca.pem")
        with open(self.file, "wb") as out:
            out.write(self.certificate.public_bytes(
                serialization.Encoding.PEM))

    def issue(self, label, names, start=-5, end=90):
        """Key and chain in one file; days from now for its dates."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = names[0] if names else label
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(
                NameOID.COMMON_NAME, subject)]))
            .issuer_name(self.name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + start * DAY)
            .not_valid_after(NOW + end * DAY))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [x509.DNSName(name) for name in names]), False)
        certificate = builder.sign(self.key, hashes.SHA256())
        path = os.path.join(self.folder, label + ".pem")
        pem = serialization.Encoding.PEM
        with open(path, "wb") as out:
            out.write(key.private_bytes(
                pem, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))
            out.write(certificate.public_bytes(pem))
            out.write(self.certificate.public_bytes(pem))
        os.chmod(path, 0o644)
        return path, certificate


def key_digest(certificate):
    """The data of a TLSA record with selector 1 and matching type 1."""
    import hashlib
    return hashlib.sha256(certificate.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


class MailServer(threading.Thread):
    """As much of SMTP as a probe sees, and what may go wrong with it."""

    def __init__(self, mode="good", pem=None, versions=None):
        super().__init__(daemon=True)
        self.mode = mode
        self.context = None
        if pem:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            self.context.load_cert_chain(pem)
            low, high = versions or (ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3)
            self.context.minimum_version = low
            self.context.maximum_version = high
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(16)
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()

    def serve(self, connection):
        try:
            connection.settimeout(20)
            self.converse(connection)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def converse(self, connection):
        if self.mode == "silent":
            while connection.recv(1000):
                pass
            return
        if self.mode == "endless":
            while True:
                connection.sendall(b"220-" + b"x" * 1000 + b"\r\n")
        if self.mode == "refuse":
            connection.sendall(b"554 go away \x1b[31mred\x1b[0m\r\n")
            return
        connection.sendall(b"220 mail.example ESMTP\r\n")
        reader = connection.makefile("rb")
        for line in reader:
            word = line.strip().upper()
            if word.startswith(b"EHLO"):
                connection.sendall(b"250-mail.example\r\n")
                if self.mode != "plain":
                    connection.sendall(b"250-STARTTLS\r\n")
                connection.sendall(b"250 8BITMIME\r\n")
            elif word == b"STARTTLS" and self.mode == "later":
                connection.sendall(b"454 TLS not available\r\n")
            elif word == b"STARTTLS" and self.mode == "garbage":
                connection.sendall(b"220 go\r\n")
                connection.sendall(b"this is no TLS at all\r\n" * 20)
                return
            elif word == b"STARTTLS":
                connection.sendall(b"220 go\r\n")
                with self.context.wrap_socket(
                        connection, server_side=True) as secure:
                    while secure.recv(1000):
                        secure.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"221 bye\r\n")
                return


class Lab:
    """All of it; zones are texts of lines that ldns-signzone reads."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.postfix = None
        self.ca = Authority(folder, "good")
        self.other_ca = Authority(folder, "other")
        self.connects = []
        self.dns_port = free_port()
        self.resolver_port = free_port()
        self.https_port = free_port()
        self.closed_port = free_port()

    # --- DNS ---

    def run(self, *words, **more):
        subprocess.run(words, check=True, cwd=self.folder,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       **more)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def sign(self, zone, text):
        """Sign a zone; the DS record of its key is what comes back."""
        self.write(zone + ".zone", text)
        name = subprocess.run(
            ["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone],
            check=True, cwd=self.folder, stdout=subprocess.PIPE,
            text=True).stdout.strip()
        self.run("ldns-signzone", "-f", zone + ".signed", zone + ".zone",
                 name)
        with open(os.path.join(self.folder, name + ".ds"),
                  encoding="ascii") as file:
            ds = file.read()
        return ds, os.path.join(self.folder, name + ".key")

    def start(self, words, log):
        with open(os.path.join(self.folder, log), "wb") as out:
            self.processes.append(subprocess.Popen(
                words, cwd=self.folder, stdout=out, stderr=out))

    def start_nsd(self, files):
        zones = "".join('zone:\n  name: "%s"\n  zonefile: "%s"\n' % pair
                        for pair in files)
        self.write("nsd.conf", """server:
  ip-address: 127.0.0.1@%d
  zonesdir: "%s"
  username: ""
  pidfile: "%s/nsd.pid"
  database: ""
  xfrdfile: ""
  zonelistfile: "%s/zone.list"
  hide-version: yes
  server-count: 1
remote-control:
  control-enable: no
%s""" % (self.dns_port, self.folder, self.folder, self.folder, zones))
        self.start([tool("nsd"), "-d", "-c", "nsd.conf"], "nsd.log")

    def start_unbound(self, zones, anchor, refused):
        stubs = "".join(
            'stub-zone:\n  name: "%s"\n  stub-addr: 127.0.0.1@%d\n'
            % (zone, self.dns_port) for zone in zones)
        locals_ = "".join('  local-zone: "%s." always_refuse\n' % name
                          for name in refused)
        self.write("unbound.conf", """server:
  interface: 127.0.0.1@%d
  do-not-query-localhost: no
  username: ""
  chroot: ""
  directory: "%s"
  pidfile: "%s/unbound.pid"
  use-syslog: no
  trust-anchor-file: "%s"
  module-config: "validator iterator"
%sremote-control:
  control-enable: no
%s""" % (self.resolver_port, self.folder, self.folder, anchor, locals_, stubs))
        self.start([tool("unbound"), "-d", "-c", "unbound.conf"],
                   "unbound.log")

    # --- web ---

    def start_nginx(self, servers):
        self.write("nginx.conf", """daemon off;
master_process off;
pid %s/nginx.pid;
error_log %s/nginx.log;
events { }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  ssl_protocols TLSv1.2 TLSv1.3;
%s
}
""" % (self.folder, self.folder, "\n".join(servers)))
        self.start([tool("nginx"), "-p", self.folder, "-c",
                    os.path.join(self.folder, "nginx.conf"), "-e",
                    os.path.join(self.folder, "nginx.log")], "nginx.out")

    # --- mail ---

    def start_postfix(self, host, pem):
        """A real Postfix with STARTTLS; the port, or None without root."""
        if os.getuid() != 0 or not tool("postfix"):
            return None
        port = free_port()
        etc = os.path.join(self.folder, "postfix")
        for name in ("postfix", "queue", "data"):
            os.mkdir(os.path.join(self.folder, name))
        shutil.chown(os.path.join(self.folder, "data"), "postfix")
        self.write("postfix/main.cf", """compatibility_level = 3.6
queue_directory = %(folder)s/queue
data_directory = %(folder)s/data
maillog_file = %(folder)s/maillog
maillog_file_prefixes = %(folder)s
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = %(host)s
mydestination =
mynetworks =
smtpd_relay_restrictions = reject
smtpd_tls_security_level = may
smtpd_tls_chain_files = %(pem)s
smtpd_tls_protocols = >=TLSv1.2
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtputf8_enable = no
""" % {"folder": self.folder, "host": host, "pem": pem})
        self.write("postfix/master.cf", """
127.0.0.1:%d inet n - n - - smtpd
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
""" % port)
        self.run(tool("postfix"), "-c", etc, "start")
        self.postfix = etc
        return port

    # --- all ---

    def wait(self, port):
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit("nothing listens on port %d" % port)

    def stop(self):
        if self.postfix:
            subprocess.run([tool("postfix"), "-c", self.postfix, "stop"],
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


def tool(name):
    """Servers live where an ordinary user's PATH does not reach."""
    return shutil.which(name, path=os.environ["PATH"] +
                        ":/usr/sbin:/sbin:/usr/local/sbin")
