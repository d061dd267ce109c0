package simulator

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// user is an account: a person, an organisation or a bot.
type user struct {
	id     int64
	nodeID string
	login  string
	kind   string // "User", "Organization", "Bot"
}

// account finds an account or creates it. Logins are case insensitive, as on GitHub.
func (s *Simulator) account(login, kind string) *user {
	key := strings.ToLower(login)
	if u, ok := s.users[key]; ok {
		return u
	}
	u := &user{id: s.newID(), login: login, kind: kind}
	u.nodeID = s.nodeID(map[string]string{"User": "U", "Organization": "O", "Bot": "BOT"}[kind], u.id)
	s.users[key] = u
	s.nodes[u.nodeID] = u
	return u
}

// person finds the account of whoever does something, or creates it: a person, or by its login another App.
func (s *Simulator) person(login string) *user {
	if strings.HasSuffix(login, "[bot]") {
		return s.account(login, "Bot")
	}
	return s.account(login, "User")
}

// graphLogin is the login as GraphQL shows it: a bot's without the suffix "[bot]".
// Source: https://github.com/palantir/policy-bot (GetV3Login).
func (u *user) graphLogin() string { return strings.TrimSuffix(u.login, "[bot]") }

// nodeID makes an opaque GraphQL id.
func (s *Simulator) nodeID(prefix string, id int64) string {
	return prefix + "_" + base64.RawURLEncoding.EncodeToString([]byte("sim:"+strconv.FormatInt(id, 10)))
}
