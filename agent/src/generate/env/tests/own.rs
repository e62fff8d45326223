//! Addresses that are the application's own.

use super::brief;

#[test]
fn what_an_application_tells_others_to_connect_to_is_a_note_and_no_gap() {
    let own = |line: &str| {
        let name = line.split('=').next().unwrap_or_default();
        format!("# {name}: by its name, the application's own address: not checked from here")
    };
    for line in [
        "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:29092,PLAINTEXT_HOST://localhost:9092",
        "KAFKA_CFG_ADVERTISED_LISTENERS=SASL_SSL://kafka.example.com:9093",
        "KAFKA_LISTENERS=PLAINTEXT://10.0.0.4:29092,CONTROLLER://kafka:29093",
        "KAFKA_ADVERTISED_HOST_NAME=kafka",
        "CONNECT_REST_ADVERTISED_HOST_NAME=connect",
        "SCHEMA_REGISTRY_HOST_NAME=schema-registry",
        "ETCD_ADVERTISE_CLIENT_URLS=http://etcd0:2379",
        "ETCD_INITIAL_ADVERTISE_PEER_URLS=http://etcd0:2380",
        "ETCD_LISTEN_PEER_URLS=http://10.0.0.4:2380",
        "CONSUL_ADVERTISE_ADDR=10.0.0.4",
        "NATS_ADVERTISE=nats.example.com:4222",
        "VAULT_API_ADDR=http://vault.internal:8200",
        "REDIS_REPLICA_ANNOUNCE_IP=10.0.0.4",
        "REDIS_CLUSTER_ANNOUNCE_HOSTNAME=redis-0.internal",
        "ES_NETWORK_PUBLISH_HOST=es1.internal",
        "KSQL_LISTENERS=http://ksql.internal:8088",
    ] {
        assert_eq!(brief(&format!("{line}\n")), [own(line)], "{line}");
    }
    for line in ["REDIS_CLUSTER_ANNOUNCE_PORT=6379", "CONSUL_ADVERTISE=true"] {
        assert!(brief(&format!("{line}\n")).is_empty(), "{line}: {:?}", brief(line));
    }
    // What is published to, or listened to, is a service.
    for (line, kind) in [("PUBLISH_REDIS_HOST=r", "redis, "), ("LISTEN_NOTES_API_URL=https://l.example.com", "http, ")]
    {
        assert!(brief(&format!("{line}\n"))[0].starts_with(kind), "{line}");
    }
    let brokers = brief("SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS=PLAINTEXT://b1:29092,SASL_SSL://b2:9093\n");
    let name = "SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS";
    assert!(brokers.contains(&format!("tcp, name: {name}, host: b1, port: 29092")), "{brokers:?}");
    assert!(brokers.contains(&format!("tls, name: {name}, host: b2, port: 9093")), "{brokers:?}");
}
