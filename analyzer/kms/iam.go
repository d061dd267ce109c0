package kms

import (
	"bytes"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Written is a policy as an argument of a resource says it.
type Written struct {
	*terraform.Resource
	Attribute string // path of the argument: "policy", "inline_policy.policy"
	Document  policy.Document
	Key       *terraform.Resource // of a key policy, the key that it is certainly for; else nil
}

// iamTypes are the resources whose policy argument is an identity policy: what an IAM principal may do.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
var iamTypes = []string{"aws_iam_group_policy", "aws_iam_policy", "aws_iam_role", "aws_iam_role_policy", "aws_iam_user_policy"}

// iamUser holds no policy text, but it may name one as its permissions boundary.
const iamUser = "aws_iam_user"

// inlinePolicy is the block of aws_iam_role that holds a policy; the other types have it as an argument.
const inlinePolicy = "inline_policy"

// KeyDocuments lists the key policies that the configuration writes, in the order of types, roots and addresses. A
// document that several resources use is listed for each. What Terraform does not manage after the creation
// (ignore_changes) is left out.
func (s *Snapshot) KeyDocuments() []Written {
	return s.written(append(slices.Clone(keyTypes), "aws_kms_key_policy"))
}

// IAMDocuments lists the identity policies in which a statement names a KMS action, in the same order.
func (s *Snapshot) IAMDocuments() []Written {
	return slices.DeleteFunc(s.written(iamTypes), func(w Written) bool { return !namesKMS(w.Document) })
}

func (s *Snapshot) written(types []string) []Written {
	var list []Written
	for _, typ := range types {
		for _, r := range s.OfType(typ) {
			list = append(list, s.writtenBy(r)...)
		}
	}
	return list
}

func (s *Snapshot) writtenBy(r *terraform.Resource) []Written {
	list, read := s.writes[r]
	if !read {
		list = s.read(r)
		s.writes[r] = list
	}
	return list
}

func (s *Snapshot) read(r *terraform.Resource) (list []Written) {
	if r.Type != "aws_iam_role" {
		v := r.Attr("policy")
		if v.Absent() || r.Ignores("policy") {
			return nil
		}
		return []Written{{Resource: r, Attribute: "policy", Document: policy.FromValue(v, s.documents), Key: s.keyOf(r)}}
	}
	if r.Ignores(inlinePolicy) {
		return nil
	}
	blocks, _ := r.Blocks(inlinePolicy)
	for _, block := range blocks {
		document := policy.FromValue(block.Attr("policy"), s.documents)
		list = append(list, Written{Resource: r, Attribute: inlinePolicy + ".policy", Document: document})
	}
	return list
}

// keyOf is the key that a resource sets the policy of; nil where that is not known.
func (s *Snapshot) keyOf(r *terraform.Resource) *terraform.Resource {
	switch {
	case s.byResource[r] != nil:
		return r
	case r.Type != "aws_kms_key_policy":
		return nil
	}
	if keys, _, truth := s.Target(r.Attr("key_id"), r); truth == terraform.True {
		return keys[0].Resource
	}
	return nil
}

// speaks tells whether a resource is an identity policy that names an action of KMS, in one of its instances.
func (s *Snapshot) speaks(r *terraform.Resource) bool {
	return isIAM(r.Type) && slices.ContainsFunc(s.resources[id{r.Scope.Root, r.Address}], func(one *terraform.Resource) bool {
		return slices.ContainsFunc(s.writtenBy(one), func(w Written) bool { return namesKMS(w.Document) })
	})
}

func isIAM(typ string) bool { return slices.Contains(iamTypes, typ) }

// namesKMS tells whether a statement has an action of KMS. "*" is everybody's.
func namesKMS(d policy.Document) bool {
	if slices.ContainsFunc(d.Alternatives, namesKMS) {
		return true
	}
	return slices.ContainsFunc(d.Statements, func(s policy.Statement) bool {
		return slices.ContainsFunc(append(slices.Clone(s.Actions.Items), s.NotActions.Items...), func(t policy.Text) bool {
			return len(t.Parts) > 0 && len(t.Parts[0].Literal) >= 4 && strings.EqualFold(t.Parts[0].Literal[:4], "kms:")
		})
	})
}

// mattersToIAM tells by a file's text whether an identity policy of its module may name a KMS action: it has one,
// or it reads a file into a policy.
func mattersToIAM(text []byte) bool {
	if namesAction(text) {
		return true
	}
	return bytes.Contains(text, []byte("file(")) && slices.ContainsFunc(iamTypes, func(typ string) bool {
		return bytes.Contains(text, []byte(typ))
	})
}

// namesAction finds "kms:" in any case, but not the "aws:kms" of S3.
func namesAction(text []byte) bool {
	for rest := text; ; {
		i := bytes.IndexByte(rest, ':')
		if i < 0 {
			return false
		}
		if i >= 3 && bytes.EqualFold(rest[i-3:i], []byte("kms")) {
			return true
		}
		rest = rest[i+1:]
	}
}
