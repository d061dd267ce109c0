package access

import (
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/pattern"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// subject is a principal in the spelling of both documents.
type subject struct {
	Principal
	account pattern.Word // of an Account or Identity
	name    pattern.Word // of an Identity: "role/path/x"; of others the text
	kind    string       // of an Identity: "role", "user", "assumed-role", "federated-user", "" where not known
	arn     pattern.Word // of an Identity
	managed string       // the resource that makes it: two different ones make different identities
	anyPath bool         // name is without a path, which is not known
	role    *subject     // of a session
}

func (n *names) subject(at side, p Principal) subject {
	s := subject{Principal: p}
	switch p.Kind {
	case Account:
		s.account = n.accountOf(at, p)
		n.mention(at, "account", s.account)
	case Identity:
		s.account = n.accountOf(at, p)
		n.identify(at, &s)
		if len(p.Account.Parts) > 0 || p.Own == terraform.True {
			n.mention(at, "account", s.account) // that of an unwritten number is nothing which somebody chose to name
		}
		n.mention(at, "identity"+n.effect, s.key())
		n.arns = append(n.arns, s.arn)
	default:
		s.name = n.word(at, p.Text)
		n.mention(at, "text", s.name)
	}
	return s
}

// key spells an identity.
func (s subject) key() pattern.Word {
	return append(append(append(pattern.Word{}, s.account...), '|'), s.name...)
}

func (n *names) accountOf(at side, p Principal) pattern.Word {
	if p.Own == terraform.True {
		return n.own
	}
	w := n.word(at, p.Account)
	if len(p.Account.Parts) == 0 {
		name, _ := p.Text.Symbol()
		w = pattern.Word{n.symbol("account of " + name)}
	}
	if p.Own == terraform.False && len(w) == 1 {
		n.foreign[w[0]] = true
	}
	return w
}

// identify reads an ARN, or the resource that has it.
func (n *names) identify(at side, s *subject) {
	s.arn = n.word(at, s.Text)
	if fields := split(s.Text, ":", 6); len(fields) == 6 {
		s.name = n.word(at, fields[5])
		s.kind, _, _ = strings.Cut(fields[5].Parts[0].Literal, "/")
		if pieces := split(fields[5], "/", 3); s.kind == "assumed-role" && len(pieces) == 3 {
			name := n.word(at, pieces[1])
			s.role = &subject{Principal: Principal{Kind: Identity}, account: s.account, kind: "role", anyPath: true}
			s.role.name = append(pattern.Text("role/"), name...)
			path := pattern.Word{n.symbol("the path of " + n.show(name))}
			s.role.arn = slices.Concat(pattern.Text("arn:"), field(s.arn, 1), pattern.Text(":iam::"), s.account, pattern.Text(":role/"), path, name)
		}
		return
	}
	s.name = s.arn
	ref := s.Text.Reference()
	if ref == nil {
		return
	}
	r := sole(*ref)
	if r == nil {
		return
	}
	switch r.Type {
	case "aws_iam_role", "aws_iam_service_linked_role":
		s.kind = "role"
	case "aws_iam_user":
		s.kind = "user"
	}
	if symbol, named := s.Text.Symbol(); named && r.Kind == "resource" {
		s.managed = symbol
	}
	n.fromName(s, r)
}

// fromName reads the name that a role's or user's resource gives it.
func (n *names) fromName(s *subject, r *terraform.Resource) {
	name, known := r.Attr("name").Text()
	if !known || r.Type != "aws_iam_role" && r.Type != "aws_iam_user" || len(r.Instances) > 0 || r.Exists != terraform.True {
		return
	}
	path := r.Attr("path")
	written, pathKnown := path.Text()
	s.anyPath = r.Kind == "data" || !pathKnown && !path.Absent()
	if s.anyPath || written == "" {
		written = "/"
	}
	s.name = pattern.Text(s.kind + written + name)
}

// sameIdentity tells whether two identities are one.
func (n *names) sameIdentity(a, b *subject) *expression {
	account := n.same("account", a.account, b.account)
	name := n.sameName(a, b)
	switch {
	case account == no || name == no:
		return no
	case account == yes && name == yes:
		return yes
	case n.distinct("identity", a.key(), b.key()), n.distinct("identityDeny", a.key(), b.key()):
		return no
	}
	return and(account, name)
}

func (n *names) sameName(a, b *subject) *expression {
	if a.kind != "" && b.kind != "" && a.kind != b.kind || a.managed != "" && b.managed != "" && a.managed != b.managed {
		return no
	}
	x, y := a.name, b.name
	if (a.anyPath || b.anyPath) && !x.Symbolic() && !y.Symbolic() {
		x, y = lastField(x), lastField(y)
	}
	return n.same("name", x, y)
}

func lastField(w pattern.Word) pattern.Word {
	for i := len(w) - 1; i >= 0; i-- {
		if w[i] == '/' {
			return w[i+1:]
		}
	}
	return w
}

// label is how a reader knows the principal.
func (n *names) label(s *subject) string {
	switch {
	case s.Kind == Everyone:
		return "everyone"
	case s.Kind != Account:
		return quoted(s.Text)
	case slices.Equal(s.account, n.own):
		return "the key's account"
	case len(s.Account.Parts) > 0:
		return "account " + quoted(s.Account)
	case len(s.Text.Parts) > 0:
		return "the account of " + quoted(s.Text)
	default:
		return "account " + code(n.show(s.account))
	}
}

// quoted puts a text into a code span, which nothing in it can end.
func quoted(t policy.Text) string {
	return code(t.Words())
}

func code(text string) string {
	return "`" + strings.NewReplacer("`", "'", "\n", " ", "\r", " ").Replace(text) + "`"
}

// show writes a word for a reader.
func (n *names) show(w pattern.Word) string {
	var out strings.Builder
	for _, l := range w {
		if l < pattern.FirstSymbol {
			out.WriteByte(byte(l)) //nolint:gosec // below FirstSymbol letters are bytes
			continue
		}
		for name, symbol := range n.symbols {
			switch {
			case symbol != l:
			case strings.HasPrefix(name, "?"):
				out.WriteString("${?}")
			default:
				out.WriteString(policy.Readable(name))
			}
		}
	}
	return out.String()
}
