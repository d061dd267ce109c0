package settings

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/analyzer/waiver"
)

type (
	failOn   finding.Severity
	severity finding.Severity
	drafts   Drafts
	limit    int
	pattern  string
	digest   Digest
	ruleID   string

	repositoryName string

	switches map[string]bool // rule ID -> on
	accounts []account
	account  string
)

// refuse is an error in the form that the decoder collects, so that all mistakes of a file are told at once.
func refuse(node *yaml.Node, format string, args ...any) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: ", node.Line) + fmt.Sprintf(format, args...)}}
}

// written is what a node says, for a message.
func written(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case len(node.Value) > 60:
		return strconv.Quote(node.Value[:60]) + "..."
	default:
		return strconv.Quote(node.Value)
	}
}

// UnmarshalYAML reads a severity or "never".
func (f *failOn) UnmarshalYAML(node *yaml.Node) error {
	if node.Value == "never" {
		*f = 0
		return nil
	}
	parsed, err := finding.ParseSeverity(node.Value)
	if err != nil {
		return refuse(node, "fail_on: %s is none of critical, high, medium, low, never", written(node))
	}
	*f = failOn(parsed)
	return nil
}

// UnmarshalYAML reads a severity.
func (s *severity) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := finding.ParseSeverity(node.Value)
	if err != nil {
		return refuse(node, "severity: %s is none of critical, high, medium, low", written(node))
	}
	*s = severity(parsed)
	return nil
}

// UnmarshalYAML reads one of the words of Drafts.
func (d *drafts) UnmarshalYAML(node *yaml.Node) error {
	switch word := Drafts(node.Value); word {
	case DraftsCheck, DraftsReview, DraftsSkip:
		*d = drafts(word)
		return nil
	}
	return refuse(node, "drafts: %s is none of check, review, skip", written(node))
}

// UnmarshalYAML reads one of the words of Digest.
func (d *digest) UnmarshalYAML(node *yaml.Node) error {
	switch word := Digest(node.Value); word {
	case DigestNever, DigestWeekly:
		*d = digest(word)
		return nil
	}
	return refuse(node, "digest: %s is neither never nor weekly", written(node))
}

// repositoryNames are what GitHub takes; an owner before it would lead to another account, where the token does not reach.
var repositoryNames = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// UnmarshalYAML reads the name of a repository, without its owner.
func (r *repositoryName) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode || !repositoryNames.MatchString(node.Value) || node.Value == "." || node.Value == ".." {
		return refuse(node, "repository: %s is no name of a repository of the same account", written(node))
	}
	*r = repositoryName(node.Value)
	return nil
}

// maxComments is the most inline comments of one review: more than a reader follows.
const maxComments = 20

// UnmarshalYAML reads 0 to maxComments.
func (l *limit) UnmarshalYAML(node *yaml.Node) error {
	n, err := strconv.Atoi(node.Value)
	if err != nil || n < 0 || n > maxComments {
		return refuse(node, "limit: %s is no number from 0 to %d", written(node), maxComments)
	}
	*l = limit(n)
	return nil
}

// UnmarshalYAML reads a glob.
func (p *pattern) UnmarshalYAML(node *yaml.Node) error {
	if node.Value == "" || !doublestar.ValidatePattern(node.Value) {
		return refuse(node, "ignore_paths: %s is no path pattern", written(node))
	}
	*p = pattern(node.Value)
	return nil
}

// UnmarshalYAML reads a rule's ID or name.
func (r *ruleID) UnmarshalYAML(node *yaml.Node) error {
	if found, ok := rules.ByID(node.Value); ok {
		*r = ruleID(found.ID)
		return nil
	}
	for id, name := range waiver.Names() {
		if strings.EqualFold(node.Value, id) || strings.EqualFold(node.Value, name) {
			*r = ruleID(id)
			return nil
		}
	}
	return refuse(node, "%s is no rule: `kms-review rules` lists them", written(node))
}

// UnmarshalYAML reads rules and whether they are on. The same rule by ID and by name is a contradiction, or
// about to become one.
func (s *switches) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return refuse(node, "rules: %s is no mapping of rules to on or off", written(node))
	}
	all := &yaml.TypeError{}
	*s = switches{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		id, on := ruleID(""), false
		if err := key.Decode(&id); err != nil {
			all.Errors = append(all.Errors, messages(err)...)
			continue
		}
		if err := value.Decode(&on); err != nil || value.Tag == "!!null" {
			all.Errors = append(all.Errors, messages(refuse(value, "%s: %s is neither on nor off", id, written(value)))...)
			continue
		}
		if _, twice := (*s)[string(id)]; twice {
			all.Errors = append(all.Errors, messages(refuse(key, "%s is named twice", id))...)
		}
		(*s)[string(id)] = on
	}
	if len(all.Errors) > 0 {
		return all
	}
	return nil
}

func messages(err error) []string {
	if typeErr := (*yaml.TypeError)(nil); errors.As(err, &typeErr) {
		return typeErr.Errors
	}
	return []string{err.Error()}
}

// UnmarshalYAML reads a list. One that is empty trusts nobody, and is not the same as none.
func (a *accounts) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.SequenceNode {
		return refuse(node, "trusted_accounts: %s is no list", written(node))
	}
	list := []account{}
	if err := node.Decode(&list); err != nil {
		return err
	}
	*a = list
	return nil
}

var (
	accountNumber  = regexp.MustCompile(`^[0-9]{12}$`)
	organizationID = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
)

// UnmarshalYAML reads the number of an account, with or without quotes, or the id of an organization.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
func (a *account) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode || !accountNumber.MatchString(node.Value) && !organizationID.MatchString(node.Value) {
		return refuse(node, "trusted_accounts: %s is neither an account's number of 12 digits nor an organization's id", written(node))
	}
	*a = account(node.Value)
	return nil
}
