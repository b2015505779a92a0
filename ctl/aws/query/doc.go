// Package query reads the forms and writes the XML of the AWS query protocols: EC2's own ("ec2")
// and the plain one of STS and CloudWatch ("query").
//
//   - Errors: EC2Fault(call, fault) and QueryFault(call, fault, namespace) make the aws.Reply.
//   - Answers: EC2Response(call) and Response(call, namespace) make a Writer that has the root
//     element open; Text, Int, Element and List fill it; Writer.Reply closes it all.
//   - Parameters: NewReader(call.Params) reads strings, numbers, booleans, flat lists (Name.1) and
//     lists of structures (Filter.1.Name), collects the first fault and names what nobody read.
package query
