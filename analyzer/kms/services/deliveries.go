package services

// Delivery is an argument that has a service send to a topic or a queue, or read or write a bucket, under its own name.
// Whoever writes the configuration gives it no role for that, so the key of what it names has to let the service in.
type Delivery struct {
	Type, Path string // "aws_cloudwatch_metric_alarm", "alarm_actions"
	To         string // the type of what the argument names, by ARN or by name
	Service    string // "cloudwatch.amazonaws.com"
	Only       []Only // what has to hold besides
}

// Only is an argument that has to have one of some values; with "" among them it may be left out. Without any values
// it has to be set.
type Only struct {
	Path   string
	Values []string
}

// Deliveries lists them. It is not to be changed.
func Deliveries() []Delivery { return deliveries }

const (
	topic  = "aws_sns_topic"
	queue  = "aws_sqs_queue"
	bucket = "aws_s3_bucket"
)

var (
	acts = []Only{{"actions_enabled", []string{"true", ""}}}
	// EventBridge sends with a role where the target has one.
	roleless = []Only{{"role_arn", []string{""}}}
	toQueue  = []Only{{"protocol", []string{"sqs"}}}
	toBucket = []Only{{"log_destination_type", []string{"s3"}}}
	signed   = []Only{{Path: "origin.origin_access_control_id"}}
)

// Only load balancers of the type application have rules of their own for the buckets of their logs.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
func ofApplication(block string) []Only {
	return []Only{{"load_balancer_type", []string{"application", ""}}, {block + ".enabled", []string{"true"}}}
}

// The services' names are those of the documents that Principal.Source names; S3's server access logs and those of
// load balancers are encrypted by keys of S3 only, so no key has to let anybody in.
var deliveries = []Delivery{
	{"aws_alb", "access_logs.bucket", bucket, "logdelivery.elasticloadbalancing.amazonaws.com", ofApplication("access_logs")},
	{"aws_alb", "connection_logs.bucket", bucket, "logdelivery.elasticloadbalancing.amazonaws.com", ofApplication("connection_logs")},
	{"aws_cloudfront_distribution", "origin.domain_name", bucket, "cloudfront.amazonaws.com", signed},
	{"aws_cloudwatch_composite_alarm", "alarm_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_composite_alarm", "insufficient_data_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_composite_alarm", "ok_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_event_target", "arn", queue, "events.amazonaws.com", roleless},
	{"aws_cloudwatch_event_target", "arn", topic, "events.amazonaws.com", roleless},
	{"aws_cloudwatch_metric_alarm", "alarm_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_metric_alarm", "insufficient_data_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_cloudwatch_metric_alarm", "ok_actions", topic, "cloudwatch.amazonaws.com", acts},
	{"aws_flow_log", "log_destination", bucket, "delivery.logs.amazonaws.com", toBucket},
	{"aws_lb", "access_logs.bucket", bucket, "logdelivery.elasticloadbalancing.amazonaws.com", ofApplication("access_logs")},
	{"aws_lb", "connection_logs.bucket", bucket, "logdelivery.elasticloadbalancing.amazonaws.com", ofApplication("connection_logs")},
	{"aws_s3_bucket", "logging.target_bucket", bucket, "logging.s3.amazonaws.com", nil},
	{"aws_s3_bucket_logging", "target_bucket", bucket, "logging.s3.amazonaws.com", nil},
	{"aws_s3_bucket_notification", "queue.queue_arn", queue, "s3.amazonaws.com", nil},
	{"aws_s3_bucket_notification", "topic.topic_arn", topic, "s3.amazonaws.com", nil},
	{"aws_sns_topic_subscription", "endpoint", queue, "sns.amazonaws.com", toQueue},
}

// Delivers tells that resources of a type may have such an argument.
func Delivers(typ string) bool {
	for _, d := range deliveries {
		if d.Type == typ {
			return true
		}
	}
	return false
}
