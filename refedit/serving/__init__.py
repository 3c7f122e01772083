"""Many editors behind one page: replicas in processes of their own, over Ray Serve. Knows no page and no benchmark."""
