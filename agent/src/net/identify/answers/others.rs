//! Servers that are described by a part of what they send, or in words of our own.

use crate::services::Service;
use crate::services::{AMQP, HTTP, LDAP, MQTT, MYSQL, NATS, POSTGRES, RDP, REDIS, TLS};

/// The service, the server, what it said, and its description.
pub(super) const OTHERS: &[(&Service, &str, &[u8], &str)] = &[
    (
        &REDIS,
        "Redis 7.0.15, sent HELLO",
        b"*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:2\r\n$2\r\nid\r\n\
        :18\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n",
        "redis 7.0.15",
    ),
    (
        &REDIS,
        "Redis 7.0.15, sent HELLO 3",
        b"%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n",
        "redis 7.0.15",
    ),
    (
        &MYSQL,
        "MariaDB 10.11.19",
        b"d\0\0\0\n5.5.5-10.11.19-MariaDB-0+deb12u1\0\x04\0\0\0aJ1Q)u3>\0\xfe\xf7\x08\x02\0\xff\x81\x15\0\0\0\0\0\0\
        \x1d\0\0\0}zn9oFL.?3~C\0mysql_native_password\0",
        "MariaDB 10.11.19",
    ),
    (
        &MYSQL,
        "MariaDB 10.11.19, sent an HTTP request",
        b"d\0\0\0\n5.5.5-10.11.19-MariaDB-0+deb12u1\0\x05\0\0\x002Kc3oZRl\0\xfe\xf7\x08\x02\0\xff\x81\x15\0\0\0\0\0\0\
        \x1d\0\0\0Jk[fq#WoJb0e\0mysql_native_password\0!\0\0\x01\xff\x84\x04#08S01Got packets out of order",
        "MariaDB 10.11.19",
    ),
    (
        &MYSQL,
        "MariaDB 10.11.19, its second packet",
        b"!\0\0\x01\xff\x84\x04#08S01Got packets out of order",
        "MySQL error 1156: Got packets out of order",
    ),
    (
        &MYSQL,
        "MariaDB 10.11.19, from an address that may not log in",
        b"D\0\0\0\xffj\x04Host '10.77.0.1' is not allowed to connect to this MariaDB server",
        "MySQL error 1130: Host '10.77.0.1' is not allowed to connect to this MariaDB server",
    ),
    (
        &MYSQL,
        "MariaDB 10.11.19 with too many clients",
        b"\x17\0\0\0\xff\x10\x04Too many connections",
        "MySQL error 1040: Too many connections",
    ),
    (&POSTGRES, "PostgreSQL 15.18, asked for TLS it has", b"S", "S (PostgreSQL offers TLS)"),
    (&POSTGRES, "PostgreSQL 15.18, asked for TLS it has not", b"N", "N (PostgreSQL without TLS)"),
    (
        &POSTGRES,
        "PostgreSQL 15.18, sent its own packet",
        b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0",
        "PostgreSQL asking for SCRAM-SHA-256",
    ),
    (
        &POSTGRES,
        "PostgreSQL 15.18, sent a packet of protocol 4.0",
        b"E\0\0\0\x83SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 4.0: server supports 3.0 to \
        3.0\0Fpostmaster.c\0L2222\0RProcessStartupPacket\0\0",
        "PostgreSQL error 0A000: unsupported frontend protocol 4.0: server supports 3.0 to 3.0",
    ),
    (
        &POSTGRES,
        "PostgreSQL 15.18, sent a packet of protocol 2.0",
        b"EFATAL:  unsupported frontend protocol 2.0: server supports 3.0 to 3.0\n\0",
        "PostgreSQL error: FATAL:  unsupported frontend protocol 2.0: server supports 3.0 to 3.0",
    ),
    (
        &POSTGRES,
        "PostgreSQL 15.18 with too many clients",
        b"E\0\0\0USFATAL\0VFATAL\0C53300\0Msorry, too many clients already\0Fproc.c\0L357\0RInitProcess\0\0",
        "PostgreSQL error 53300: sorry, too many clients already",
    ),
    (
        &POSTGRES,
        "PostgreSQL 15.18, from an address that may not log in",
        b"E\0\0\0\x8fSFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for host \"127.0.0.1\", user \"x\", database \
        \"y\", no encryption\0Fauth.c\0L544\0RClientAuthentication\0\0",
        r#"PostgreSQL error 28000: no pg_hba.conf entry for host "127.0.0.1", user "x", database "y", no encryption"#,
    ),
    (&AMQP, "RabbitMQ 3.10.8, sent an HTTP request", b"AMQP\0\0\t\x01", "AMQP 0-9-1"),
    (
        &AMQP,
        "RabbitMQ 3.10.8, sent its own header",
        b"\x01\0\0\0\0\x01\xf1\0\n\0\n\0\t\0\0\x01\xcc\x0ccapabilitiesF\0\0\0\xc7\x12publisher_confirmst\x01\x1aexcha\
        nge_exchange_bindingst\x01\nbasic.nackt\x01\x16consumer_cancel_notif",
        "AMQP 0-9-1, connection.start",
    ),
    (
        &NATS,
        "nats-server 2.9.10",
        b"INFO {\"server_id\":\"NBZKZTRQ4NOJ5SCNTE6RDMLYLHN72J7B7OJHU7KCR6CUN2JI6WJHSBDI\",\"server_name\":\"NBZKZTRQ\
        4NOJ5SCNTE6RDMLYLHN72J7B7OJHU7KCR6CUN2JI6WJHSBDI\",\"version\":\"2.9.10\",\"proto\":1,\"go\":\"go1.19.8\",\"h\
        ost\":\"127.0.0.1\",\"port\":47897,\"headers\":true,\"max_payload\":",
        "NATS 2.9.10",
    ),
    (
        &NATS,
        "nats-server 2.9.10 with TLS",
        b"INFO {\"server_id\":\"NBCGPBC2NWAGWHCWJNDAZ223OGRETCXDC6F6EPSFMJASY7KEZJGU43ON\",\"server_name\":\"NBCGPBC2\
        NWAGWHCWJNDAZ223OGRETCXDC6F6EPSFMJASY7KEZJGU43ON\",\"version\":\"2.9.10\",\"proto\":1,\"go\":\"go1.19.8\",\"h\
        ost\":\"127.0.0.1\",\"port\":49875,\"headers\":true,\"tls_required\":true,\"max_payload\":1048576,\"client_id\
        \":5,\"client_ip\":\"127.0.0.1\"} \r\n",
        "NATS 2.9.10",
    ),
    (
        &RDP,
        "xrdp 0.9.21, sent its own request",
        b"\x03\0\0\x13\x0e\xd0\0\0\x124\0\x02\x01\x08\0\x01\0\0\0",
        "RDP connection answer",
    ),
    (&RDP, "xrdp 0.9.21, sent an HTTP request", b"\x03\0\0\t\x02\xf0\x80!\x80", "RDP connection answer"),
    (
        &LDAP,
        "OpenLDAP 2.5.13, sent its own request",
        b"0\x0c\x02\x01\x01a\x07\n\x01\0\x04\0\x04\0",
        "LDAP bind response, result 0",
    ),
    (
        &LDAP,
        "OpenLDAP 2.5.13, asked for STARTTLS",
        b"0\x0c\x02\x01\x01x\x07\n\x01\0\x04\0\x04\0",
        "LDAP extended response, result 0",
    ),
    (
        &LDAP,
        "OpenLDAP 2.5.13 without TLS, asked for STARTTLS",
        b"0\x2a\x02\x01\x01x\x25\n\x01\x02\x04\0\x04\x1eunsupported extended operation",
        "LDAP extended response, result 2",
    ),
    (
        &LDAP,
        "OpenLDAP 2.5.13, told to hang up",
        b"0\x35\x02\x01\0x\x30\n\x01\x34\x04\0\x04\x11the server leaves\x8a\x161.3.6.1.4.1.1466.20036",
        "LDAP notice of disconnection, result 52",
    ),
    (
        &MQTT,
        "mosquitto 2.0.11, sent a CONNECT of MQTT 3.1.1 without a login",
        b"\x20\x02\0\x05",
        "MQTT CONNACK, code 5",
    ),
    (
        &MQTT,
        "mosquitto 2.0.11 with a retained message, sent CONNECT and SUBSCRIBE at once",
        b"\x20\x02\0\0\x90\x03\0\x01\0\x31\x10\0\x0aorders/newkept",
        "MQTT CONNACK, code 0",
    ),
    (
        &MQTT,
        "mosquitto 2.0.11, sent a CONNECT of MQTT 5",
        b"\x20\x09\0\0\x06\x22\0\x0a\x21\0\x14",
        "MQTT 5 CONNACK, reason code 0x00",
    ),
    (
        &MQTT,
        "mosquitto 2.0.11, sent a CONNECT of MQTT 5 without a login",
        b"\x20\x03\0\x87\0",
        "MQTT 5 CONNACK, reason code 0x87",
    ),
    (
        &HTTP,
        "nginx 1.22.1, asked for a page",
        b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 07:07:02 GMT\r\nContent-Type: \
        text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        "HTTP/1.1 200 OK, Server: nginx/1.22.1",
    ),
    (
        &HTTP,
        "nginx 1.22.1, sent a TLS ClientHello",
        b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 07:07:02 GMT\r\nContent-Type: \
        text/html\r\nContent-Length: 157\r\nConnection: close\r\n\r\n<html>\r\n<head><title>400 Bad \
        Request</title></he",
        "HTTP/1.1 400 Bad Request, Server: nginx/1.22.1",
    ),
    (
        &HTTP,
        "nginx 1.22.1, sent PING",
        b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nDate: Sat, 2",
        "HTTP/1.1 400 Bad Request, Server: nginx/1.22.1",
    ),
    (
        &HTTP,
        "nginx 1.22.1 with TLS, asked for a page in plain text",
        b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 07:07:02 GMT\r\nContent-Type: \
        text/html\r\nContent-Length: 255\r\nConnection: close\r\n\r\n<html>\r\n<head><title>400 The plain HTTP \
        request was sent to HTTPS port</title></head>\r\n<body>\r\n<center><",
        "HTTP/1.1 400 Bad Request, Server: nginx/1.22.1",
    ),
    (
        &TLS,
        "nginx 1.22.1 with TLS 1.2, sent a ClientHello",
        b"\x16\x03\x03\0E\x02\0\0A\x03\x03MWh\xb1\xb9\xca<\xb7i\xbc\xe4t,\xe6\\\xc9z\xac\xacV!\xd9Qq\x8f\x1c/q\xbe",
        "TLS ServerHello",
    ),
    (
        &HTTP,
        "nginx 1.22.1 with HTTP/2 in plain text, sent EHLO",
        b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff\0\0\x04\x08\0\0\0\0\0\x7f\xff\0\
        \0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01",
        "HTTP/2 SETTINGS",
    ),
    (
        &HTTP,
        "HAProxy 2.6.12, sent an HTTP/2 preface",
        b"\0\0\x0c\x04\0\0\0\0\0\0\x08\0\0\0\x01\0\x03\0\0\0d\0\0\0\x04\x01\0\0\0\0",
        "HTTP/2 SETTINGS",
    ),
    (
        &HTTP,
        "Apache 2.4.71, sent a TLS ClientHello",
        b"HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 07:07:02 GMT\r\nServer: Apache/2.4.71 (Debian) \
        OpenSSL/3.0.19\r\nContent-Length: 266\r\nConnectio",
        "HTTP/1.1 400 Bad Request, Server: Apache/2.4.71 (Debian) OpenSSL/3.0.19",
    ),
    (
        &HTTP,
        "Apache 2.4.71 with TLS, asked for a page in plain text",
        b"HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 07:07:02 GMT\r\nServer: Apache/2.4.71 (Debian) \
        OpenSSL/3.0.19\r\nContent-Length: 402\r\nConnection: close\r\nContent-Type: text/html; charset=iso-8859-1\r\n\
        \r\n<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n\
        <html><head>\n<title>400 Bad Request</title>\n</head><body>\n<h1>Bad Request</h1>\n<p>Your browser sent a \
        request that this server could not understand.<br />\nReason: You're speaking plain HTTP to an SSL-enabled \
        server port.<br ",
        "HTTP/1.1 400 Bad Request, Server: Apache/2.4.71 (Debian) OpenSSL/3.0.19",
    ),
    (
        &TLS,
        "Apache 2.4.71 with TLS 1.3, sent a ClientHello",
        b"\x16\x03\x03\0z\x02\0\0v\x03\x03\x13\xf6\x0b:\xd21\x0e\xef\x92\x07\xd5\x9a\xdd\x18\xe4\xca!\xfe\x98\xa3\xd5\
        \xa9\xde\xd5\x0f\xac\x7fz\xbc\xb9\xd7\x06 \xd4B8\xac\xda\x96\x1a\x13\xf2\x1f(:\x03f~\xb2",
        "TLS ServerHello",
    ),
    (
        &HTTP,
        "Squid 5.7, sent PING",
        b"HTTP/1.1 400 Bad Request\r\nServer: squid/5.7\r\nMime-Version: 1.0\r\nDate: Sat,\x2021 Nov 2026 07:07:07 \
        GMT\r\nContent-Type: text/",
        "HTTP/1.1 400 Bad Request, Server: squid/5.7",
    ),
    (
        &HTTP,
        "Python 3.11 http.server, sent EHLO",
        b"<!DOCTYPE HTML>\n<html lang=\"en\">\n    <head>\n        <meta charset=\"utf-8\">\n        <title>Error \
        response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: 400</p>\n \
        \x20      <p>Message: Bad HTTP/0.9 request ",
        "an HTML page: Error response",
    ),
    (
        &TLS,
        "RabbitMQ 3.10.8 with TLS, sent anything in plain text",
        b"\x15\x03\x01\0\x02\x02\n",
        "TLS alert unexpected_message",
    ),
];
