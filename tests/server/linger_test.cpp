#include "server/server_fixture.hpp"
#include "server/session.hpp"

namespace cubby::server {
namespace {

class LingerTest : public ServerTest {
 protected:
  LingerTest() { options_.limits.max_value_bytes = 1000; }

  // The head of a request whose body is refused unread.
  static std::string oversized(std::size_t body_bytes) {
    return "POST /put HTTP/1.1\r\nHost: cubby\r\nContent-Length: " + std::to_string(body_bytes) +
           "\r\n\r\n";
  }
};

// Without lingering the server would close with unread bytes, which resets the connection: the
// client's send() fails, and the reply is lost.
TEST_F(LingerTest, AClientThatIsStillSendingReadsItsRefusal) {
  constexpr std::size_t kBody = std::size_t{8} << 20;
  static_assert(kBody < kLingerBytes);
  serve();
  Client client = dial();
  client.send(oversized(kBody));
  client.send(std::string(kBody, 'x'));
  EXPECT_EQ(client.receive().status, 413);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(LingerTest, AClientThatPipelinesBehindItsLastRequestReadsTheReply) {
  serve();
  Client client = dial();
  client.send("GET /health HTTP/1.1\r\nHost: cubby\r\nConnection: close\r\n\r\n" + get("/health"));
  client.send(std::string(std::size_t{8} << 20, 'x'));
  EXPECT_EQ(client.receive().body, "OK\n");
  EXPECT_EQ(client.receive_all(), "");
}

TEST_F(LingerTest, ReadsOnlySoMuchAway) {
  constexpr std::size_t kBody = 8 * kLingerBytes;
  serve();
  Client client = dial();
  client.send(oversized(kBody));
  EXPECT_THROW(client.send(std::string(kBody, 'x')), std::system_error);
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(LingerTest, WaitsOnlySoLong) {
  serve();
  Client client = dial();
  client.send(oversized(100'000) + "some of it");
  EXPECT_EQ(client.receive().status, 413);
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

}  // namespace
}  // namespace cubby::server
