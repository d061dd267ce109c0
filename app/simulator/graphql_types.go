package simulator

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
)

// record is an object of GraphQL that has no type of its own here: its fields are values, or functions of the
// arguments.
type record struct {
	kind   string
	fields map[string]any
}

// gitObject is a commit, tree, blob or tag of a repository.
type gitObject struct {
	repo *Repository
	sha  string
	kind string // git's: "commit", "tree", "blob", "tag"
	path string // from the root, where it is known
}

// resolver answers one field.
type resolver func(args map[string]any) (any, error)

// typename names the type of a value.
func (e *execution) typename(value any, declared string) string {
	switch v := value.(type) {
	case *record:
		return v.kind
	case *Repository:
		return "Repository"
	case *Pull:
		return "PullRequest"
	case *thread:
		return "PullRequestReviewThread"
	case *reviewComment:
		return "PullRequestReviewComment"
	case *review:
		return "PullRequestReview"
	case *issueComment:
		return "IssueComment"
	case *checkSuite:
		return "CheckSuite"
	case *checkRun:
		return "CheckRun"
	case *user:
		if declared == "User" {
			return declared
		}
		return v.kind
	case *gitObject:
		return strings.ToUpper(v.kind[:1]) + v.kind[1:]
	}
	return declared
}

// field finds the value of a field. A field that the schema has and nobody resolves is recorded as unknown.
func (e *execution) field(fields map[string]any, kind, name string, args map[string]any) (any, error) {
	v, found := fields[name]
	if !found {
		e.call.sim.unknown = append(e.call.sim.unknown, "POST /graphql: no resolver for "+kind+"."+name)
		return nil, &graphError{"", "The simulator does not resolve " + kind + "." + name}
	}
	if f, lazy := v.(resolver); lazy {
		return f(args)
	}
	return v, nil
}

// fields lists the fields of a value.
func (e *execution) fields(value any) map[string]any {
	switch v := value.(type) {
	case *record:
		switch v.kind {
		case "Query":
			return e.queryFields()
		case "Mutation":
			return e.mutationFields()
		}
		return v.fields
	case *Repository:
		return e.repositoryFields(v)
	case *Pull:
		return e.pullFields(v)
	case *thread:
		return e.threadFields(v)
	case *reviewComment:
		return e.reviewCommentFields(v)
	case *review:
		return e.reviewFields(v)
	case *issueComment:
		return e.issueCommentFields(v)
	case *user:
		return map[string]any{"id": v.nodeID, "login": e.login(v), "databaseId": graphInt(v.id), "name": v.login}
	case *gitObject:
		return e.gitFields(v)
	case *checkSuite:
		return e.suiteFields(v)
	case *checkRun:
		return map[string]any{"id": v.nodeID, "databaseId": graphInt(v.id), "name": v.name, "status": strings.ToUpper(v.status),
			"conclusion": orNil(strings.ToUpper(v.conclusion)), "externalId": orNil(v.externalID)}
	}
	return nil
}

// login shows a bot without "[bot]", except to itself as viewer.
func (e *execution) login(u *user) string { return u.graphLogin() }

// graphInt is a number of the type Int. Above 32 bits it is an error, as by the language's specification
// (https://spec.graphql.org/October2021/#sec-Int): what GitHub answers there is not known.
func graphInt(n int64) any {
	if n > math.MaxInt32 {
		return resolver(func(map[string]any) (any, error) {
			return nil, &graphError{"", "Int cannot represent non 32-bit signed integer value: " + strconv.FormatInt(n, 10)}
		})
	}
	return n
}

// graphTime writes a DateTime.
func graphTime(t time.Time) string { return stamp(t) }

// connection is a page of a list: forwards with first and after, backwards with last and before.
func connection[T any](kind string, list []T) resolver {
	return func(args map[string]any) (any, error) {
		from, to := 0, len(list)
		if after := cursorIndex(args["after"]); after >= 0 {
			from = min(after+1, to)
		}
		if before := cursorIndex(args["before"]); before >= 0 {
			to = max(min(before, to), from)
		}
		if first := number(args["first"]); first > 0 {
			to = min(to, from+first)
		} else if last := number(args["last"]); last > 0 {
			from = max(from, to-last)
		}
		nodes := []any{}
		for _, v := range list[from:to] {
			nodes = append(nodes, v)
		}
		info := map[string]any{"hasNextPage": to < len(list), "hasPreviousPage": from > 0, "startCursor": nil, "endCursor": nil}
		if from < to {
			info["startCursor"], info["endCursor"] = cursor(from), cursor(to-1)
		}
		return &record{kind, map[string]any{"nodes": nodes, "totalCount": len(list), "pageInfo": &record{"PageInfo", info}}}, nil
	}
}

func cursor(index int) string {
	return base64.StdEncoding.EncodeToString([]byte("cursor:v2:" + strconv.Itoa(index)))
}

func cursorIndex(v any) int {
	raw, err := base64.StdEncoding.DecodeString(argument(v))
	if err != nil {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimPrefix(string(raw), "cursor:v2:"))
	if err != nil {
		return -1
	}
	return n
}

// unsupported refuses what GitHub has and the simulator has not.
func (e *execution) unsupported(what string) error {
	e.call.sim.unknown = append(e.call.sim.unknown, "POST /graphql: "+what)
	return &graphError{"", "The simulator does not have " + what}
}
