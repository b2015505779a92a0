package aws

// LoadCertificateEvery is LoadCertificate that looks at the files as often as it is told.
var LoadCertificateEvery = loadCertificate
