package archtest

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v66/github"
	"go.yaml.in/yaml/v3"

	"github.com/kms-review/kms-review/app/gh"
)

// permission is what GitHub asks for, as the manifest names it.
type permission struct{ name, level string }

// operations are the REST calls of the program, by their names in go-github, with the permission that each needs:
// https://docs.github.com/rest/authentication/permissions-required-for-github-apps
var operations = map[string]permission{
	"Checks.CreateCheckRun":                   {"checks", "write"},
	"Checks.UpdateCheckRun":                   {"checks", "write"},
	"Git.GetBlob":                             {"contents", "read"},
	"Git.GetTree":                             {"contents", "read"},
	"Repositories.CompareCommits":             {"contents", "read"},
	"PullRequests.CreateReview":               {"pull_requests", "write"},
	"PullRequests.Get":                        {"pull_requests", "read"},
	"PullRequests.ListFiles":                  {"pull_requests", "read"},
	"PullRequests.ListPullRequestsWithCommit": {"pull_requests", "read"},
	"Reactions.CreateIssueCommentReaction":    {"pull_requests", "write"}, // of a comment on a pull request
	"Repositories.GetPermissionLevel":         {"metadata", "read"},
	"Apps.ListRepos":                          {"metadata", "read"},
}

// summaryOperations are the calls about the summary issue, which have a token of their own.
var summaryOperations = map[string]permission{
	"Issues.Create":        {"issues", "write"},
	"Issues.CreateComment": {"issues", "write"},
	"Issues.Edit":          {"issues", "write"},
	"Issues.Get":           {"issues", "read"},
}

// mutations are the GraphQL mutations of the program. That minimizing needs no more than this is seen in use:
// https://github.com/shakacode/react_on_rails/pull/2412
var mutations = map[string]permission{
	"minimizeComment": {"pull_requests", "write"},
}

// events are the deliveries that the webhook acts on, with the permission without which GitHub does not send them:
// https://docs.github.com/webhooks/webhook-events-and-payloads. Those without one come to every App (check_run and
// check_suite to every App that may write checks).
var events = map[string]permission{
	"pull_request":              {"pull_requests", "read"},
	"issue_comment":             {"issues", "read"},
	"merge_group":               {"merge_queues", "read"},
	"push":                      {"contents", "read"},
	"check_run":                 {},
	"check_suite":               {},
	"installation":              {},
	"installation_repositories": {},
	"ping":                      {},
	"issues":                    {"issues", "read"},
	"repository":                {"metadata", "read"},
}

// otherEvents are more names of GitHub's, so that a new one in the code is noticed.
var otherEvents = []string{
	"create", "delete", "deployment", "github_app_authorization", "installation_target", "label", "member",
	"organization", "public", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread",
	"release", "repository_dispatch", "status", "team", "workflow_job", "workflow_run",
}

type manifest struct {
	Name, URL, Description string
	Public                 bool
	Permissions            map[string]string `yaml:"default_permissions"`
	Events                 []string          `yaml:"default_events"`
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	file, err := os.Open(filepath.Join(root, "app.yml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var m manifest
	if err := decoder.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestManifestAsksForWhatTheCodeUses(t *testing.T) {
	t.Parallel()
	files := slices.DeleteFunc(production(parse(t)), func(s source) bool { return s.dir() == "app/simulator" })
	summaryFiles := slices.DeleteFunc(slices.Clone(files), func(s source) bool { return s.dir() != "app/posture" })
	files = slices.DeleteFunc(files, func(s source) bool { return s.dir() == "app/posture" })
	token := map[string]string{"metadata": "read"} // what a token must carry
	used(t, token, "REST operation", restCalls(files), operations)
	used(t, token, "GraphQL mutation", mutationNames(files), mutations)
	if d := cmp.Diff(token, tokenPermissions(t, gh.Permissions())); d != "" {
		t.Errorf("gh.Permissions is not what the calls need (needed -, asked for +):\n%s", d)
	}
	summary := map[string]string{"metadata": "read"}
	used(t, summary, "REST operation of the summary issue", restCalls(summaryFiles), summaryOperations)
	if d := cmp.Diff(summary, tokenPermissions(t, gh.SummaryPermissions())); d != "" {
		t.Errorf("gh.SummaryPermissions is not what the calls need (needed -, asked for +):\n%s", d)
	}
	for name, level := range tokenPermissions(t, gh.ScanPermissions()) {
		if level != "read" || token[name] == "" {
			t.Errorf("gh.ScanPermissions has %s: %s, but a scan reads what a review reads, and writes nothing", name, level)
		}
	}

	whole := maps.Clone(token)
	maps.Copy(whole, summary)
	files = append(files, summaryFiles...)
	used(t, whole, "event", eventNames(files), events)
	m := readManifest(t)
	if d := cmp.Diff(whole, m.Permissions); d != "" {
		t.Errorf("default_permissions of app.yml are not what the code uses (used -, asked for +):\n%s", d)
	}
	var subscribed []string
	for name, needs := range events {
		if needs.name != "" {
			subscribed = append(subscribed, name)
		}
	}
	slices.Sort(subscribed)
	if d := cmp.Diff(subscribed, m.Events); d != "" {
		t.Errorf("default_events of app.yml (used -, subscribed +):\n%s", d)
	}
}

// used adds what the found names need, and compares them with the table, so that neither outgrows the other.
func used(t *testing.T, needed map[string]string, kind string, found map[string]bool, table map[string]permission) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(found)) {
		needs, known := table[name]
		if !known {
			t.Errorf("%s %s is used and has no row here: say which permission it needs", kind, name)
		}
		if needs.name != "" && needed[needs.name] != "write" {
			needed[needs.name] = needs.level
		}
	}
	for name := range table {
		if !found[name] {
			t.Errorf("%s %s has a row here and is not used", kind, name)
		}
	}
}

// tokenPermissions are what installation tokens are narrowed to, by their names in GitHub's API.
func tokenPermissions(t *testing.T, permissions *github.InstallationPermissions) map[string]string {
	t.Helper()
	text, err := json.Marshal(permissions)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]string{}
	if err := json.Unmarshal(text, &asked); err != nil {
		t.Fatal(err)
	}
	return asked
}

// restCalls finds client.REST.Service.Method.
func restCalls(files []source) map[string]bool {
	found := map[string]bool{}
	for _, file := range files {
		ast.Inspect(file.ast, func(n ast.Node) bool {
			method, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			service, ok := method.X.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if client, ok := service.X.(*ast.SelectorExpr); ok && client.Sel.Name == "REST" {
				found[service.Sel.Name+"."+method.Sel.Name] = true
			}
			return true
		})
	}
	return found
}

func mutationNames(files []source) map[string]bool {
	field := regexp.MustCompile(`(\w+)\(input: ?[{$]`)
	found := map[string]bool{}
	for _, file := range files {
		for _, text := range literals(file.ast) {
			for _, match := range field.FindAllStringSubmatch(text, -1) {
				found[match[1]] = true
			}
		}
	}
	return found
}

// eventNames are the names of GitHub's events between which the webhook's code decides.
func eventNames(files []source) map[string]bool {
	found := map[string]bool{}
	for _, file := range files {
		if file.dir() != "webhook" {
			continue
		}
		ast.Inspect(file.ast, func(n ast.Node) bool {
			clause, ok := n.(*ast.CaseClause)
			if !ok {
				return true
			}
			for _, text := range literals(clause.List...) {
				if _, known := events[text]; known || slices.Contains(otherEvents, text) {
					found[text] = true
				}
			}
			return true
		})
	}
	return found
}

// literals are the strings below nodes of the syntax.
func literals[N ast.Node](nodes ...N) []string {
	var texts []string
	for _, node := range nodes {
		ast.Inspect(node, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil {
					texts = append(texts, strings.TrimSpace(text))
				}
			}
			return true
		})
	}
	return texts
}
