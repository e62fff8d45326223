//! Servers that are described by the first line they send.

use crate::services::{FTP, HTTP, IMAP, MEMCACHED, POP3, REDIS, RSYNC, SMTP, SSH, Service, VNC};

/// The service, the server, and what it said.
pub(super) const LINES: &[(&Service, &str, &[u8])] = &[
    (&REDIS, "Redis 7.0.15, sent PING", b"+PONG\r\n"),
    (
        &REDIS,
        "Redis 7.0.15, sent a memcached command",
        b"-ERR unknown command 'version', with args beginning with: \r\n",
    ),
    (&REDIS, "Redis 7.0.15, sent EHLO", b"-ERR unknown command 'EHLO', with args beginning with: 'localhost' \r\n"),
    (&REDIS, "Redis 7.0.15, sent half a command", b"-ERR Protocol error: expected '$', got 'P'\r\n"),
    (&REDIS, "Redis 7.0.15, sent GET alone", b"-ERR wrong number of arguments for 'get' command\r\n"),
    (&REDIS, "Redis 7.0.15 with a password, sent PING", b"-NOAUTH Authentication required.\r\n"),
    (
        &REDIS,
        "Redis 7.0.15 with a password, sent a wrong one",
        b"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
    ),
    (
        &REDIS,
        "Redis 7.0.15 without a password, sent one",
        b"-ERR AUTH <password> called without any password configured for the default user. Are you sure your \
        configuration is correct?\r\n",
    ),
    (&REDIS, "Redis 7.0.15 with too many clients", b"-ERR max number of clients reached\r\n"),
    (
        &REDIS,
        "Redis 7.0.15 in protected mode, from another address",
        b"-DENIED Redis is running in protected mode because protected mode is enabled and\x20no password is set for \
        the default user. In",
    ),
    (&MEMCACHED, "memcached 1.6.18, sent PING", b"ERROR\r\n"),
    (&MEMCACHED, "memcached 1.6.18, sent PING in Redis's other form", b"ERROR\r\nERROR\r\nERROR\r\n"),
    (&MEMCACHED, "memcached 1.6.18, sent its own command", b"VERSION 1.6.18\r\n"),
    (&MEMCACHED, "memcached 1.6.18 with a password, sent an HTTP request", b"CLIENT_ERROR unauthenticated\r\n"),
    (&MEMCACHED, "memcached 1.6.18 with too many clients", b"ERROR Too many open connections\r\n"),
    (&SSH, "OpenSSH 9.2p1", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n"),
    (
        &SSH,
        "OpenSSH 9.2p1, sent an HTTP request",
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\nInvalid SSH identification string.\r\n",
    ),
    (&SSH, "OpenSSH 9.2p1 with too many clients", b"Exceeded MaxStartups\r\n"),
    (
        &SSH,
        "Dropbear 2022.83",
        b"SSH-2.0-dropbear_2022.83\r\n\0\0\x02\x1c\x0b\x14\xcd\x1b\x1f?o\x95\xb5\xab\xdfR\x03\x1eZC+\x02\0\0\0\xd8cur\
        ve25519-sha256,curve25519-sha256@libssh.org,e",
    ),
    (&VNC, "TigerVNC 1.12.0", b"RFB 003.008\n"),
    (&VNC, "TigerVNC 1.12.0 after too many failures", b"RFB 003.003\n\0\0\0\0\0\0\0\x1aToo many security failures"),
    (&RSYNC, "rsync 3.5.0", b"@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\n"),
    (&RSYNC, "rsync 3.5.0, sent PING", b"@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\n@ERROR: protocol startup error\n"),
    (
        &HTTP,
        "HAProxy 2.6.12, asked for a page without a back end",
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 107\r\ncache-control: no-cache\r\ncontent-type: \
        text/html\r\nconnection: clo",
    ),
    (
        &HTTP,
        "HAProxy 2.6.12, sent an AMQP header",
        b"HTTP/1.1 400 Bad request\r\nContent-length: 90\r\nCache-Control: no-cache\r\nConnection: close\r\n\
        Content-Type: text/html\r\n\r\n<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n\
        </body></html>\n",
    ),
    (
        &HTTP,
        "Go 1.26 net/http, sent a memcached command",
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad \
        Request",
    ),
    (
        &HTTP,
        "Go 1.26 net/http with TLS, asked for a page in plain text",
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    ),
    (
        &HTTP,
        "BusyBox 1.35.0 httpd, sent PING",
        b"HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 07:12:50 GMT\r\nConnection: close\r\nContent-",
    ),
    (
        &FTP,
        "vsftpd 3.0.3 with TLS from the start, sent an HTTP request",
        b"500 OOPS: error:0A00009C:SSL routines::http request\r\n",
    ),
    (
        &FTP,
        "vsftpd 3.0.3 with TLS from the start, sent a PostgreSQL packet",
        b"500 OOPS: error:0A00010B:SSL routines::wrong version number\r\n500 OOPS: priv_sock_get_cmd\r\n",
    ),
    (&FTP, "vsftpd 3.0.3", b"220 (vsFTPd 3.0.3)\r\n"),
    (&FTP, "vsftpd 3.0.3, sent EHLO", b"220 (vsFTPd 3.0.3)\r\n530 Please login with USER and PASS.\r\n"),
    (
        &FTP,
        "Pure-FTPd 1.0.50",
        b"220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n220-You are user number 1 of 50 \
        allowed.\r\n220-Local time is now 07:12. Server port: 60091.\r\n220-IPv6 connections are also welcome on \
        this server.\r\n220 You will be disconnected after 15 minutes ",
    ),
    (&SMTP, "Exim 4.96", b"220 mail.example ESMTP Exim 4.96 Sat, 21 Nov 2026 07:06:59 +0000\r\n"),
    (
        &SMTP,
        "Exim 4.96, sent a TLS ClientHello",
        b"220 mail.example ESMTP Exim 4.96 Sat, 21 Nov 2026 07:07:04 +0000\r\n501 NUL characters are not allowed in \
        SMTP commands\r\n501 NUL characters are not allowed in\x20SMT",
    ),
    (
        &SMTP,
        "aiosmtpd 1.4.6, sent PING",
        b"220 localhost Python SMTP 1.4.6\r\n500 Error: command \"PING\" not recognized\r\n",
    ),
    (
        &IMAP,
        "Dovecot 2.3.19",
        b"* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN] Dovecot \
        (Debian) ready.\r\n",
    ),
    (
        &IMAP,
        "Dovecot 2.3.19, just started",
        b"* OK Waiting for authentication process to respond..\r\n* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS \
        ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN] Dovecot (Debian) ready.\r\n* BAD Error in IMAP comma",
    ),
    (&POP3, "Dovecot 2.3.19", b"+OK Dovecot (Debian) ready.\r\n"),
    (
        &POP3,
        "Dovecot 2.3.19 with APOP, sent PING",
        b"+OK Dovecot ready. <4157.a.6b014472.RFjVl2/T2aVvBOhkVkt4dg==@mail.example>\r\n-ERR Unknown command.\r\n",
    ),
];
