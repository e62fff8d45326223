// TLS servers of the JDK, for the tests: each argument is PORT,KEYSTORE,HOW[,VALUE].
//   any         whoever comes
//   need,CA     whoever has a certificate of this CA (a PEM file)
//   only,TLSv1  whoever speaks this version of TLS
//   name,NAME   whoever asks for this name, or for none (SNIMatcher)
// Each answers a request with 200, and tells what went wrong on its standard error.

import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public class TlsServers {
    private static final char[] PASSWORD = "changeit".toCharArray();

    public static void main(String[] arguments) throws Exception {
        // Old versions are switched off by this alone.
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        for (String argument : arguments) {
            SSLServerSocket door = open(argument.split(","));
            new Thread(() -> serve(door)).start();
        }
        System.out.println("all listen");
    }

    private static SSLServerSocket open(String[] server) throws Exception {
        KeyStore own = KeyStore.getInstance("PKCS12");
        try (FileInputStream file = new FileInputStream(server[1])) {
            own.load(file, PASSWORD);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        boolean needs = server[2].equals("need");
        context.init(keys.getKeyManagers(), needs ? trusting(server[3]).getTrustManagers() : null, null);
        InetAddress here = InetAddress.getByName("127.0.0.1");
        int port = Integer.parseInt(server[0]);
        SSLServerSocket door = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port, 50, here);
        door.setNeedClientAuth(needs);
        if (server[2].equals("only")) {
            door.setEnabledProtocols(new String[] {server[3]});
        }
        if (server[2].equals("name")) {
            SSLParameters parameters = door.getSSLParameters();
            parameters.setSNIMatchers(List.of(SNIHostName.createSNIMatcher(server[3].replace(".", "\\."))));
            door.setSSLParameters(parameters);
        }
        return door;
    }

    private static TrustManagerFactory trusting(String path) throws Exception {
        KeyStore cas = KeyStore.getInstance("PKCS12");
        cas.load(null, null);
        try (FileInputStream file = new FileInputStream(path)) {
            cas.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(cas);
        return trust;
    }

    private static void serve(SSLServerSocket door) {
        while (true) {
            try {
                SSLSocket client = (SSLSocket) door.accept();
                new Thread(() -> answer(client)).start();
            } catch (IOException error) {
                System.err.println(error);
            }
        }
    }

    private static void answer(SSLSocket client) {
        try (client) {
            client.startHandshake();
            if (client.getInputStream().read(new byte[8192]) > 0) {
                client.getOutputStream().write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes());
            }
        } catch (IOException error) {
            System.err.println(error);
        }
    }
}
