package keypolicy

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// account gives the number of the key's account, and its root, as a text that is written in a file can refer to them.
// ok is false where the file's module has no data.aws_caller_identity of the key's own provider configuration: an edit
// elsewhere would be a second one.
func (j *judged) account(file string) (number, root string, ok bool) {
	scope := j.scopeOf(file)
	if scope == nil {
		return "", "", false
	}
	caller := j.only(scope, "aws_caller_identity")
	if caller == nil {
		return "", "", false
	}
	number = fmt.Sprintf("${data.aws_caller_identity.%s.account_id}", caller.Name)
	if partition := j.only(scope, "aws_partition"); partition != nil {
		return number, fmt.Sprintf("arn:${data.aws_partition.%s.partition}:iam::%s:root", partition.Name, number), true
	}
	if text := j.Head.Config.Source(file); bytes.Contains(text, []byte("arn:aws:")) && !bytes.Contains(text, []byte("arn:aws-")) {
		return number, "arn:aws:iam::" + number + ":root", true
	}
	return number, number, true // KMS reads the bare number as the root, in any partition
}

// scopeOf is the use of the module that a file belongs to: the one that the key is in, or one above it.
func (j *judged) scopeOf(file string) *terraform.Scope {
	var found *terraform.Scope
	for _, scope := range j.Head.Config.Scopes() {
		above := scope.Path == "" || scope.Path == j.resource.Scope.Path || strings.HasPrefix(j.resource.Scope.Path, scope.Path+".")
		if scope.Root == j.resource.Scope.Root && scope.Module.Files[file] != nil && above {
			found = scope
		}
	}
	return found
}

// only is a data source of a type that has one instance and asks the provider configuration of the key;
// the one called current where there are several.
func (j *judged) only(scope *terraform.Scope, typ string) *terraform.Resource {
	var found *terraform.Resource
	for _, r := range scope.Resources(func(_, name string) bool { return name == typ }) {
		single := r.Attr("count").Absent() && r.Attr("for_each").Absent()
		if single && r.Provider().Same(j.resource.Provider()) == terraform.True && (found == nil || r.Name == "current") {
			found = r
		}
	}
	return found
}

// written is the file that a document's first statement is written in, before which a suggestion puts another one.
func (j *judged) written() string {
	if first := j.document.Statements; len(first) > 0 {
		return first[0].Range.Filename
	}
	return ""
}

// delegate writes AWS's default statement, which leaves the key to the account's IAM policies.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam
func (j *judged) delegate() []finding.Edit {
	_, root, ok := j.account(j.written())
	if !ok {
		return nil
	}
	return j.editor().Prepend(j.document, fix.Statement{Sid: j.free("EnableRootAccess"), Principal: root, Actions: []string{"kms:*"}})
}

// free is a Sid that the document does not have.
func (j *judged) free(sid string) string {
	taken := func(name string) bool {
		for _, s := range j.document.Statements {
			if s.Sid.Is(name) == terraform.True {
				return true
			}
		}
		return false
	}
	name := sid
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s%d", sid, n)
	}
	return name
}
